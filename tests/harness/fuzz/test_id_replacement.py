"""Another name stands where an id stood, and nowhere else."""

import pytest

from cmdm_tui.harness.fuzz.shrink.id_replacement import replace_id


@pytest.mark.parametrize(
    ("text", "external_id", "respelled"),
    [
        ("/lead/ABCDEFG1/task?page=1", "ABCDEFG1", "/lead/<ABCDEFG1>/task?page=1"),
        ("/lead/ABCDEFG1%00", "ABCDEFG1", "/lead/<ABCDEFG1>%00"),
        ("/lead/abcdefg1", "ABCDEFG1", "/lead/<abcdefg1>"),
        ('{"Account":"ABCDEFG1"}', "ABCDEFG1", '{"Account":"<ABCDEFG1>"}'),
        ("/api/v1/lead/1?per_page=1&page=1", "1", "/api/v1/lead/<1>?per_page=1&page=1"),
        ('{"Score":1,"Id":"1","City":"11"}', "1", '{"Score":1,"Id":"<1>","City":"11"}'),
        ("/lead/a%20b%2Fc", "a b/c", "/lead/<a b/c>"),
        ("/lead/A.C", "A.C", "/lead/<A.C>"),
        ("/lead/ABC", "A.C", "/lead/ABC"),
    ],
)
def test_an_id_is_respelt(text: str, external_id: str, respelled: str) -> None:
    assert replace_id(text, external_id, "<{}>".format) == respelled
