"""Sentences that are known from their wording alone, where a line bears no writer: journalctl -o cat, and marks that people leave.

Regular expressions for polars and for re. A description stands in the unit's file: those here are of the units that matter.
"""

KUBELET_DESCRIPTION = (  # whole, for 'Health monitoring for kubelet' is none
    r"(?i:(?:kubernetes )?kubelet(?: server| service| agent)?(?:: .*| (?:via|using|on) .*| \(.*\))?"
    r"|kubernetes node agent|lightweight kubernetes|rancher kubernetes engine v2.*|(?:atomic )?openshift node|origin node"
    r"|service for snap application microk8s\.daemon-kubel(?:et|ite))"
)
RUNTIME_DESCRIPTION = (
    r"(?i:docker application container engine|containerd container runtime|container runtime interface for oci.*"
    r"|open container initiative daemon|cri interface for docker application container engine)"
)
_UNIT = r"[\w@.:\\-]+\.service"
_SUBJECT = rf"(?:{_UNIT} - .*|{KUBELET_DESCRIPTION}|{RUNTIME_DESCRIPTION})"
_OF_UNIT = (  # what follows 'kubelet.service: '; older versions write it in lower case
    r"[Mm]ain process exited, code=(?:exited|killed|dumped), status=\d+(?:/\S+)?",
    r"Succeeded\.",
    r"Deactivated successfully\.",
    r"Failed with result '[\w-]+'\.",
    r"Unit entered failed state\.",
    r"Scheduled restart job, restart counter is at \d+\.",
    r"(?:Service )?hold-?off time over, scheduling restart\.",
    r"Service RestartSec=\S+ expired, scheduling restart\.",
    r"Start request repeated too quickly\.",
    r"Consumed .* CPU time\.",
    r"(?:State '[\w-]+'|Stopping) timed out\. \w+\.",
    r"Watchdog timeout \(limit .*\)!",
)
_SENTENCES = (  # of PID 1
    rf"(?:Starting|Stopping) {_SUBJECT}\.\.\.",
    rf"(?:Started|Stopped|Failed to start) {_SUBJECT}\.",
    rf"{_UNIT}: (?:{'|'.join(_OF_UNIT)})",
    rf"Unit {_UNIT} entered failed state\.",
    rf"{_UNIT} failed\.",
)
MARK = r"\[?(?P<lines>[0-9]+) lines suppressed\]?"
"""What people and tools leave where they took lines out; journalctl prints no such thing."""
DROPPED = (  # journald and rsyslog about what they did not keep
    r"Suppressed (?P<suppressed>[0-9]+) messages from (?P<unit>\S+)",
    r"Missed (?P<kernel>[0-9]+) kernel messages.*",
    r"Forwarding to syslog missed (?P<syslog>[0-9]+) messages\..*",
    r"imuxsock (?:lost (?P<lost>[0-9]+)|begins to drop) messages from pid (?P<pid>[0-9]+) due to rate-limiting.*",
    r"im[a-z]+\b[^\n]*?(?: from <[^<>\s]*:(?P<writer>[^<>\s]*)>)?: "
    r"(?:(?P<limited>[0-9]+) messages lost|begin to drop messages) due to rate-limiting.*",
)
KUBELET_STARTS = rf"^(?:Starting|Started) (?:\S*kubelet\S*\.service - .*|{KUBELET_DESCRIPTION})\.+$"
SAID = rf"^(?:{'|'.join(_SENTENCES)}|{MARK}|{'|'.join(DROPPED)})$"
"""A whole line that is known without a writer."""
