"""The input of every form, dialog and search: what is pasted into it is shown safely."""

from cmdm_tui.text import visible
from cmdm_tui.tui.widgets.ordered_input import OrderedInput


class SafeInput(OrderedInput):
    """An input of one line that holds nothing a terminal would act on.

    Its keys are taken in the order in which they come, however fast.
    """

    has_left_out = False
    """Whether characters were left out of what was typed or pasted last."""

    def validate_value(self, value: str) -> str:
        """Leave out characters that cannot be shown; a pasted text may hold them."""
        self.has_left_out = visible(value) != value
        if not self.has_left_out:
            return value
        return "".join(one for one in value if visible(one) == one)
