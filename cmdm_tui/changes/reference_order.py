"""Puts changes that refer to each other in an order in which each can be sent; pure.

Where new records refer to each other in a circle, one of them is created without the field, and an
update sets it once the other is there.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cmdm_tui.changes.change_set import Change, ChangeKind, Reject
from cmdm_tui.changes.soundness import list_references
from cmdm_tui.changes.validate import reject_changes, renumber_references
from cmdm_tui.text import one_line

IsRequired = Callable[[Change, str], bool]
"""Returns whether a new record of the change needs a value in the field from the start."""


@dataclass(frozen=True, slots=True)
class OrderedChanges:
    """Changes in order: those that are needed before those that need them, else as they were.

    `set_later` counts the fields that an update sets, once the record that they name is there.
    """

    changes: tuple[Change, ...]
    rejects: tuple[Reject, ...] = ()
    set_later: int = 0


def order_changes(changes: Sequence[Change], is_required: IsRequired) -> OrderedChanges:
    """Return the changes in order; references may lead to any position, in circles too.

    A circle of which no field can be left empty at first is rejected, and what needs its records.
    """
    plan = _Plan(changes, is_required)
    faults = plan.arrange()
    if faults:
        kept, rejects = reject_changes(changes, faults)
        again = order_changes(kept, is_required)
        return replace(again, rejects=(*rejects, *again.rejects))
    positions = {at: number for number, at in enumerate(plan.order)}
    ordered: list[Change] = []
    later: list[Change] = []
    for at in plan.order:
        change, names = changes[at], plan.later.get(at, ())
        if names:
            later.append(_update_later(change, names, at))
            kept_names = {name: to for name, to in change.references.items() if name not in names}
            change = replace(change, references=kept_names)
        ordered.append(renumber_references(change, positions))
    ordered += [renumber_references(one, positions) for one in later]
    return OrderedChanges(tuple(ordered), set_later=sum(map(len, plan.later.values())))


def _update_later(change: Change, names: Collection[str], at: int) -> Change:
    return Change(
        ChangeKind.UPDATE,
        change.entity,
        before=dict.fromkeys(names),
        references={name: to for name, to in change.references.items() if name in names},
        record_reference=at,
        origin=change.origin,
    )


@dataclass
class _Plan:
    """The order as it is found: `order` are positions, `later` the fields that are set later."""

    changes: Sequence[Change]
    is_required: IsRequired
    order: list[int] = field(default_factory=list[int])
    later: dict[int, list[str]] = field(default_factory=dict[int, list[str]])

    def arrange(self) -> Mapping[int, Reject]:
        """Find the order; return what is in a circle that cannot be opened."""
        faults: dict[int, Reject] = {}
        groups = [list(range(len(self.changes)))]
        while groups:
            circles = _find_circles(groups.pop(), self._list_needed)
            # A circle is put in order before what comes after it.
            for group in circles:
                if len(group) == 1 and group[0] not in self._list_needed(group[0]):
                    continue
                opened = self._open_circle(group)
                if opened is None:
                    faults.update(self._reject(group))
                else:
                    groups.append(group)
        if not faults:
            nodes = list(range(len(self.changes)))
            self.order = [one for group in _find_circles(nodes, self._list_needed) for one in group]
        return faults

    def _list_needed(self, at: int) -> list[int]:
        """Return the positions that a change still waits for."""
        change, later = self.changes[at], self.later.get(at, ())
        if not later:
            return list_references(change)
        kept = {name: to for name, to in change.references.items() if name not in later}
        return list_references(replace(change, references=kept))

    def _open_circle(self, group: Sequence[int]) -> int | None:
        """Let the fields of one change wait that keep the circle closed; None where none can."""
        inside = set(group)
        best: int | None = None
        names: dict[int, list[str]] = {}
        for at in group:
            found = self._list_optional(at, inside)
            if found is not None and (best is None or len(found) < len(names[best])):
                best, names[at] = at, found
        if best is not None:
            self.later.setdefault(best, []).extend(names[best])
        return best

    def _list_optional(self, at: int, inside: Collection[int]) -> list[str] | None:
        """Return the fields by which a new record needs the circle; None where one is required."""
        change, later = self.changes[at], self.later.get(at, ())
        if change.kind is not ChangeKind.CREATE or change.parent_reference in inside:
            return None
        names = [
            name for name, to in change.references.items() if to in inside and name not in later
        ]
        return None if any(self.is_required(change, name) for name in names) else names

    def _reject(self, group: Sequence[int]) -> Iterator[tuple[int, Reject]]:
        inside = set(group)
        for at in group:
            change = self.changes[at]
            others = [self.changes[to] for to in self._list_needed(at) if to in inside]
            where = one_line(others[0].origin, 80) if others else ""
            reason = (
                f"it needs the new record of {where or 'another change'}, which needs it in turn, "
                "and neither can be created without the other"
            )
            yield at, Reject(reason, change.origin, change=change)


def _find_circles(nodes: Sequence[int], needed: Callable[[int], list[int]]) -> list[list[int]]:
    """Return the nodes in groups, those that are needed first; a group is a circle or one node."""
    search = _CircleSearch(set(nodes), needed)
    for node in nodes:
        search.visit(node)
    return search.groups


@dataclass
class _CircleSearch:
    """Tarjan's algorithm, without recursion: a chain of records may be long."""

    nodes: Collection[int]
    needed: Callable[[int], list[int]]
    groups: list[list[int]] = field(default_factory=list[list[int]])
    index: dict[int, int] = field(default_factory=dict[int, int])
    lowest: dict[int, int] = field(default_factory=dict[int, int])
    open_nodes: dict[int, None] = field(default_factory=dict[int, None])

    def visit(self, root: int) -> None:
        """Find the groups of the nodes that can be reached, unless that was done."""
        if root in self.index:
            return
        path = [(root, self._open(root))]
        while path:
            node, targets = path[-1]
            following = self._follow(node, targets)
            if following is not None:
                path.append((following, self._open(following)))
                continue
            path.pop()
            if path:
                self.lowest[path[-1][0]] = min(self.lowest[path[-1][0]], self.lowest[node])
            if self.lowest[node] == self.index[node]:
                self._close(node)

    def _open(self, node: int) -> Iterator[int]:
        self.index[node] = self.lowest[node] = len(self.index)
        self.open_nodes[node] = None
        return iter([to for to in self.needed(node) if to in self.nodes])

    def _follow(self, node: int, targets: Iterator[int]) -> int | None:
        """Return the next node that was not visited; None where there is none."""
        for to in targets:
            if to not in self.index:
                return to
            if to in self.open_nodes:
                self.lowest[node] = min(self.lowest[node], self.index[to])
        return None

    def _close(self, node: int) -> None:
        group = [self.open_nodes.popitem()[0]]
        while group[-1] != node:
            group.append(self.open_nodes.popitem()[0])
        self.groups.append(sorted(group))
