"""A DICOM server that hostile bytes do not end: pynetdicom with bounds on what one peer may take.

Comes in: connections, a function that answers C-FIND. Goes out: answers, refusals, a line for each refusal. pynetdicom
gives each connection two threads and reads as many bytes as a length says; here connections are counted before they get
a thread, a unit longer than any question is not read, one that comes too slowly ends, and what a peer may send for one
question is bounded. It decides nothing about patients.

A title is no password: whoever can reach the port can take any. The list of titles keeps mistakes out, a firewall the
rest.
"""

from __future__ import annotations

import logging
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import ModalityWorklistInformationFind, Verification  # type: ignore[attr-defined]
from pynetdicom.transport import AssociationServer, AssociationSocket, RequestHandler

from garde.journal.text import plain

Find = Callable[[Dataset, str], Iterator[tuple[int | Dataset, Dataset | None]]]  # question, who asks -> statuses
LONGEST_UNIT: Final = 256 << 10  # bytes of one PDU; a question has a few kB, an association's beginning some tens
LONGEST_QUESTION: Final = 1 << 20  # bytes that a peer may send until it is answered
PDU: Final = 16_384  # bytes of a PDU that we take by agreement
_UNIT_S: Final = 20.0  # within which a unit must have come whole, and one of ours must have been taken
_IDLE_S: Final = 60.0  # a modality that says nothing
_BEGIN_S: Final = 10.0  # within which whoever connects must say what for
_WAITING: Final = 4  # connections beyond the associations: they are told that there is no room
_SYNTAXES: Final = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]  # none that is compressed
UNREADABLE: Final = 0xC310


class DicomServer:
    """One listening port. Its threads are its own; `find` is called in them, several at once."""

    def __init__(
        self, title: str, peers: tuple[str, ...], most: int, find: Find, complain: Callable[[str], None]
    ) -> None:
        _quiet()
        self._find, self._complain = find, complain
        self._ae = AE(ae_title=title)
        for syntax in (ModalityWorklistInformationFind, Verification):
            self._ae.add_supported_context(syntax, _SYNTAXES)
        self._ae.require_called_aet = False  # modalities are set up by hand: the title they call is often a former one
        self._ae.require_calling_aet = list(peers)
        self._ae.maximum_associations = most
        self._ae.maximum_pdu_size = PDU
        self._ae.acse_timeout, self._ae.dimse_timeout, self._ae.network_timeout = _BEGIN_S, _IDLE_S, _IDLE_S
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns where. OSError where it cannot."""
        handlers: list[Any] = [
            (evt.EVT_C_FIND, self._asked),
            (evt.EVT_C_ECHO, lambda event: 0x0000),
            (evt.EVT_REJECTED, self._rejected),
        ]
        server = self._ae.make_server(
            (host, port), evt_handlers=handlers, server_class=_Server, request_handler=_Handler
        )
        self._server = cast(_Server, server)
        self._server.most, self._server.complain = self._ae.maximum_associations, self._complain
        self._ae._servers.append(self._server)  # type: ignore[arg-type]  # `shutdown` takes it out again
        self._thread = threading.Thread(target=self._server.serve_forever, name="worklist", daemon=True)
        self._thread.start()
        address = self._server.socket.getsockname() if self._server.socket else (host, port)
        return str(address[0]), int(address[1])

    def stop(self) -> None:
        """End: no new connection, the open ones aborted. Returns within a few seconds."""
        if self._server is None:
            return
        self._server.shutdown()
        for each in self._server.alive():
            each.cut()
        for each in self._server.alive():
            each.join(_BEGIN_S / 2)
        self._server = None

    # --- what pynetdicom calls, in a thread of the connection ---

    def _asked(self, event: evt.Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        assoc = cast(_Association, event.assoc)
        assoc.answered()
        peer = plain(str(assoc.requestor.ae_title).strip(), 16)
        try:
            question = event.identifier
            list(question.iterall())  # reads every value: whatever is wrong with one shows here
        except Exception as error:
            self._complain(f"worklist: a question of {peer} cannot be read: {type(error).__name__}")
            yield UNREADABLE, None
            return
        for answer in self._find(question, peer):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            yield answer

    def _rejected(self, event: evt.Event) -> None:
        requestor = event.assoc.requestor
        title = plain(str(requestor.ae_title or "").strip(), 16) or "a peer without a title"
        self._complain(f"worklist: refused {title} at {plain(str(requestor.address))}: its title is none that may ask")


class _Socket(AssociationSocket):
    """A connection that reads and waits within bounds."""

    taken = 0

    def recv(self, nr_bytes: int) -> bytearray:
        if nr_bytes > LONGEST_UNIT or self.taken + nr_bytes > LONGEST_QUESTION:
            raise OSError("longer than any question")
        self.taken += nr_bytes
        found, until = bytearray(), time.monotonic() + _UNIT_S
        while len(found) < nr_bytes and self.socket is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("it comes too slowly")
            self.socket.settimeout(left)
            piece = self.socket.recv(min(nr_bytes - len(found), 1 << 16))
            if not piece:
                break
            found += piece
        return found

    def _shutdown_socket(self) -> None:
        super()._shutdown_socket()
        if self.assoc.requestor.primitive is None:
            # Whoever goes before they have said what for: the thread that waits for it would wait on, and be counted.
            self.assoc.dul.to_user_queue.put(None)  # type: ignore[arg-type]

    def send(self, bytestream: bytes) -> None:
        if self.socket is not None:
            self.socket.settimeout(_UNIT_S)
        super().send(bytestream)


class _Association(Association):
    """A connection with its two threads."""

    def answered(self) -> None:
        """A question has come whole: the next may be as long."""
        if isinstance(self.dul.socket, _Socket):
            self.dul.socket.taken = 0

    def cut(self) -> None:
        """End at once, without a word."""
        sock = self.dul.socket
        self._kill = True
        self.dul.kill_dul()
        if sock is not None:
            sock.close()


class _Handler(RequestHandler):
    """Makes the association that belongs to a connection."""

    server: _Server

    def handle(self) -> None:
        self.server.begin(self)

    def association(self) -> _Association:
        found = self._create_association()
        # pynetdicom lets nobody choose the classes of these two; a second socket would begin the connection twice.
        found.__class__ = _Association
        assert found.dul.socket is not None
        found.dul.socket.__class__ = _Socket
        return cast(_Association, found)


class _Server(AssociationServer):
    """Counts connections before they get a thread."""

    request_queue_size = 32
    most = 1
    complain: Callable[[str], None] = staticmethod(lambda line: None)

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self._begun: list[_Association] = []

    def alive(self) -> list[_Association]:
        self._begun = [each for each in self._begun if each.is_alive()]
        return self._begun

    def begin(self, handler: _Handler) -> None:
        found = handler.association()
        found.dul.daemon = found.daemon = True  # a peer that hangs must not hold the desk
        evt.trigger(found, evt.EVT_CONN_OPEN, {"address": handler.client_address})
        self._begun.append(found)
        for thread in (found, found.dul):
            thread.run = self._guarded(found, thread.run)  # type: ignore[method-assign]
        found.start()

    def _guarded(self, assoc: _Association, run: Callable[[], None]) -> Callable[[], None]:
        """Where pynetdicom stumbles over hostile bytes: end that connection, and print none of them."""

        def guarded() -> None:
            try:
                run()
            except Exception as error:
                host = plain(str(assoc.requestor.address))
                self.complain(f"worklist: ended a connection of {host}: {type(error).__name__}")
                assoc.cut()

        return guarded

    def verify_request(self, request: Any, client_address: Any) -> bool:
        here = Counter(str(each.requestor.address) for each in self.alive())
        host = str(client_address[0])
        if len(self._begun) >= self.most + _WAITING or here[host] > max(self.most // 2, 2):
            self.complain(f"worklist: refused a connection of {plain(host)}: there are too many")
            return False
        return True

    def service_actions(self) -> None:
        """Collect no garbage here, every half minute: the desk's heap is large, and all its threads would wait."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: what came is nobody's to read."""


def _quiet() -> None:
    """Let neither library write what it reads: questions and answers name patients."""
    for name in ("pynetdicom", "pydicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        warnings.filterwarnings("ignore", module=rf"{name}(\.|$)")
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
