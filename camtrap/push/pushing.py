"""Sending a season's events: each is entered in the ledger, sent, and confirmed there, one by one.

Whatever stops it, the same command goes on: an event that was entered and not confirmed is looked
for on the site before it is sent again. What people wrote into an event on the site is kept; only
what has changed in the season since is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from camtrap.errors import PushError, UnreadablePicture
from camtrap.ledger.pushed import Push, Pushed, Step
from camtrap.ledger.rows import Entry
from camtrap.outputs.exports.base import Source
from camtrap.outputs.exports.earthranger import KEY, SPEC, Choice, Report, reports
from camtrap.push.earthranger import EarthRanger, Refused, Remote
from camtrap.push.matching import match
from camtrap.push.patience import Patience
from camtrap.push.picture import file_of, name_of

_DETAILS = "event_details"


@dataclass(slots=True)
class Done:
    """What was done, or by a rehearsal would be.

    `found` were on the site already, `away` are pictures whose card is not plugged in, `gone` were
    removed on the site, and `strays` are the serial numbers of those that the season no longer has.
    """

    posted: int = 0
    found: int = 0
    changed: int = 0
    unchanged: int = 0
    attached: int = 0
    away: int = 0
    gone: int = 0
    strays: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Sender:
    """Brings single events to a site and keeps account; `picture` gives a file's JPEG, or None."""

    site: EarthRanger
    sent: Pushed
    done: Done
    picture: Callable[[Entry], bytes] | None
    patience: Patience
    tell: Callable[[str], None]

    def send(self, report: Report, known: Push | None) -> Push:
        """Post or change one event and attach its picture."""
        push = known or self.sent.intend(report.key, report.label, report.body, report.files)
        foreign = False
        if push.state is Step.GONE:
            self.done.gone += 1
            return push
        if push.state is Step.INTENDED:
            push, found = self._post(report, push, is_new=known is None)
            foreign = found and known is None
            if found:
                push = self._change(report, push)
        else:
            push = self._change(report, push)
        return self._attach(report, push, foreign=foreign)

    def look_for(self, push: Push) -> Push | None:
        """An event that was never confirmed and left the season, if the site has it; else None."""
        remote = self.patience.asked(lambda: self.site.find(push.key, _time(push)))
        if remote is None:
            return None
        return self._confirm(push, remote)

    # -- posting

    def _post(self, report: Report, push: Push, *, is_new: bool) -> tuple[Push, bool]:
        """The event confirmed, and whether it was on the site already."""
        remote = self.patience.asked(lambda: self.site.find(push.key, _time(push)))
        if remote is not None:
            self.done.found += 1
            # What the site has of an event that another season or computer sent is not known here.
            return self._confirm(push, remote, body={} if is_new else push.body), True
        if push.body != report.body:
            push = self.sent.update(push, report.files, body=report.body, label=report.label)
        remote, found = self.patience.asked(_Posting(self.site, report, push))
        push = self._confirm(push, remote)
        if found and not remote.remote_id:
            self.done.found += 1
            return push, False
        self.done.posted += 1
        self.tell(f"posted {_called(push)}: {report.body['title']}, {report.body['time']}")
        if "event_details" in remote.body and remote.details.get(KEY) != push.key:
            raise PushError(
                f"The event type '{report.body['event_type']}' on {self.site.site} does not keep "
                f"the field {KEY}, by which an event is known again, so that only one was sent "
                f"({_called(push)}). Ask an administrator to apply {SPEC} (see "
                "docs/earthranger.md), then run the same command again."
            )
        return push, False

    def _confirm(self, push: Push, remote: Remote, **said: Any) -> Push:
        return self.sent.update(
            push, state=Step.SENT, remote_id=remote.remote_id, serial=remote.serial, **said
        )

    # -- changing

    def _change(self, report: Report, push: Push) -> Push:
        """Send what is different from what was sent last."""
        changes = changes_of(push.body, report.body)
        if not push.remote_id or not changes:
            self.done.unchanged += 1
            if self.sent.files_of(push) != frozenset(report.files):
                push = self.sent.update(push, report.files, label=report.label)
            return push
        try:
            if _DETAILS in changes:
                remote = self.patience.asked(lambda: self.site.get(push.remote_id))
                changes[_DETAILS] = merged(
                    remote.details, push.body.get(_DETAILS, {}), report.keyed(push.key)[_DETAILS]
                )
            self.patience.asked(lambda: self.site.patch(push.remote_id, changes))
        except Refused as refused:
            if refused.status not in (404, 410):
                raise
            self.done.gone += 1
            return self.sent.update(push, state=Step.GONE)
        self.done.changed += 1
        self.tell(f"changed {_called(push)}: {', '.join(sorted(changes))}")
        return self.sent.update(push, report.files, body=report.body, label=report.label)

    # -- the picture

    def _attach(self, report: Report, push: Push, *, foreign: bool) -> Push:
        if self.picture is None or not push.remote_id or not wants_picture(report, push):
            return push
        name = name_of(push.key, report.best.file_id)
        # With `foreign`, any picture of this event serves; another season numbers its files anew.
        unsure = push.state is Step.ATTACHING or foreign
        sought = push.key if foreign else (push.picture or name)
        try:
            data = self.picture(report.best)
        except UnreadablePicture:
            self.done.away += 1
            return push
        if push.state is Step.ATTACHING and not foreign:
            name = push.picture
        push = self.sent.update(push, state=Step.ATTACHING, picture=name)
        attaching = _Attaching(
            self.site, push, data, report.body["title"], sought=sought, unsure=unsure
        )
        try:
            self.patience.asked(attaching)
        except Refused as refused:
            if refused.status not in (404, 410):
                raise
            self.done.gone += 1
            return self.sent.update(push, state=Step.GONE)
        self.done.attached += 1
        return self.sent.update(push, state=Step.ATTACHED)


class _Posting:
    """One attempt to post; a second one looks first whether the first came through after all."""

    def __init__(self, site: EarthRanger, report: Report, push: Push) -> None:
        self._site, self._push = site, push
        self._body = report.keyed(push.key)
        self._unsure = False

    def __call__(self) -> tuple[Remote, bool]:
        if self._unsure and (remote := self._find()) is not None:
            return remote, False
        self._unsure = True
        try:
            return self._site.post(self._body), False
        except Refused as refused:
            if refused.status != 409:
                raise
            return self._find() or Remote("", "", {}), True

    def _find(self) -> Remote | None:
        return self._site.find(self._push.key, _time(self._push))


class _Attaching:
    """One attempt to attach; where one was cut off, the event's files are looked at first."""

    def __init__(
        self,
        site: EarthRanger,
        push: Push,
        data: bytes,
        comment: str,
        *,
        sought: str,
        unsure: bool,
    ) -> None:
        self._site, self._push, self._data, self._comment = site, push, data, comment
        self._sought, self._unsure = sought, unsure

    def __call__(self) -> None:
        if self._unsure and self._is_there():
            return
        self._unsure = True
        try:
            self._site.attach(self._push.remote_id, self._push.picture, self._data, self._comment)
        except Refused as refused:
            if refused.status != 409:
                raise

    def _is_there(self) -> bool:
        files = self._site.get(self._push.remote_id).body.get("files") or []
        return any(self._sought in text for file in files for text in _texts(file))


def push_season(source: Source, choice: Choice, sender: Sender) -> Done:
    """Send all that is new or changed; what was done is in the ledger, whatever stops it."""
    taken: set[int] = set()
    for report in reports(source, choice, sender.done.left_out):
        taken.add(sender.send(report, match(report, sender.sent, taken)).push_id)
    for push in _left(sender.sent, choice, taken):
        confirmed = sender.look_for(push) if push.state is Step.INTENDED else push
        if confirmed is not None:
            sender.done.strays.append(_called(confirmed))
    return sender.done


def rehearse(
    source: Source, choice: Choice, sent: Pushed, tell: Callable[[str], None], *, pictures: bool
) -> Done:
    """What `push_season` would do as far as the ledger knows; asks nobody and changes nothing."""
    done, taken = Done(), set[int]()
    for report in reports(source, choice, done.left_out):
        known = match(report, sent, taken)
        if known is not None:
            taken.add(known.push_id)
        title = f"{report.body['title']}, {report.body['time']}"
        if known is None or known.state is Step.INTENDED:
            done.posted += 1
            tell(f"would post: {title}")
        elif known.state is Step.GONE:
            done.gone += 1
            continue
        elif changes := changes_of(known.body, report.body):
            done.changed += 1
            tell(f"would change {_called(known)}: {', '.join(sorted(changes))}")
        else:
            done.unchanged += 1
        done.attached += pictures and (known is None or wants_picture(report, known))
    done.strays = [_called(push) for push in _left(sent, choice, taken) if push.remote_id]
    return done


def changes_of(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The fields that are not as they were sent last."""
    return {name: value for name, value in now.items() if before.get(name) != value}


def merged(there: dict[str, Any], before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """A form's fields: what people changed on the site stays, unless it changed in the season too.

    `there` is what the site holds, `before` what was sent last, `now` what holds in the season.
    """
    kept = {name: value for name, value in there.items() if name not in before or name in now}
    changed = {
        name: value for name, value in now.items() if before.get(name) != value or name == KEY
    }
    return {**kept, **changed}


def wants_picture(report: Report, push: Push) -> bool:
    """True when none is attached, or one that is no longer among the event's."""
    if push.state is not Step.ATTACHED:
        return push.state is not Step.GONE
    shown = file_of(push.picture)
    return shown is not None and shown not in report.files


def _left(sent: Pushed, choice: Choice, taken: Collection[int]) -> list[Push]:
    """Events on the site that the season no longer has; none where only a part was asked for."""
    if choice.since is not None:
        return []
    rest = (push for push in sent.all(map(str, choice.labels)) if push.push_id not in taken)
    return [push for push in rest if push.state is not Step.GONE]


def _time(push: Push) -> datetime:
    return datetime.fromisoformat(push.body["time"])


def _called(push: Push) -> str:
    return f"#{push.serial}" if push.serial else push.remote_id or push.key


def _texts(value: Any) -> list[str]:
    """Every text anywhere in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for part in value for text in _texts(part)] if isinstance(value, list) else []
