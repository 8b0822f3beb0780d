"""What crun's test_mounts.py takes of util-linux's Python binding, which Debian does not package: a table of mounts read
from a copy of /proc/PID/mountinfo (proc_pid_mountinfo(5) has the fields)."""


class Mount:
    def __init__(self, line):
        fields = line.split()
        self.target = fields[4]
        self.vfs_options = fields[5]
        self.fs_options = fields[fields.index("-") + 3]


class Table:
    def __init__(self, path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            self.mounts = [Mount(line) for line in file if " - " in line]

    def find_target(self, target):
        """The topmost mount there, None if there is none."""
        return next((mount for mount in reversed(self.mounts) if mount.target == target), None)
