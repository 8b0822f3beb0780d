"""Puts a file on a host that has no Python: by sftp, or through `dd` where there is no sftp.

  src, dest   the file here, the path there
  mode        octal permissions
  test        arguments with which the new file is run once before it takes the old one's place
  kinds       one of the role's scripts, for a `src` that is a map: which of its files is sent is found out there. The script
              gets `directory`, that of `dest`, and prints lines "vz: tried KEY STATUS", the first choice first; 42: it runs

The file is written under another name beside `dest` and renamed. Nothing is sent where `dest` is the same already.
"""
from __future__ import absolute_import, division, print_function

import hashlib
import os

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

# One directory of plugins is no package: a plugin finds its neighbour by its path.
from importlib.util import module_from_spec, spec_from_file_location

__metaclass__ = type

_spec = spec_from_file_location("vz_raw_shared", os.path.join(os.path.dirname(os.path.abspath(__file__)), "vz_raw.py"))
_raw = module_from_spec(_spec)
_spec.loader.exec_module(_raw)

# Statuses with which programs end that a script of `kinds` tries.
RUNS = 42
EMULATED = 43

TRIED = "vz: tried "
THERE = "vz: there "

# Without sha256sum nothing is said, and the file is sent and compared there.
LOOK = """\
if [ -z "$VZ_CHECK" ]; then mkdir -p "${dest%/*}"; fi
if [ -x "$dest" ] && command -v sha256sum >/dev/null; then echo "vz: there $(sha256sum < "$dest")"; fi
"""

INSTALL = """\
trap 'rm -f "$new"' EXIT
chown 0:0 "$new"
chmod "$mode" "$new"
if [ "$(wc -c < "$new")" -ne "$size" ]; then die "$dest: only a part of it came"; fi
if cmp -s "$new" "$dest"; then exit 0; fi
if [ -n "$test" ]; then
  said=$("$new" $test 2>&1) || die "$dest does not run here: $said"
else
  said=$dest
fi
echo "vz: changed $said"
sync
mv -f "$new" "$dest"
"""


def words_behind(mark, text):
    """The words of each line that begins with the mark: a login may print lines of its own."""
    return [line[len(mark):].split() for line in text.splitlines() if line.startswith(mark)]


def statuses_in(text):
    """Pairs of a kind of program and the status with which one ended, in the order of the lines."""
    return [(words[0], int(words[1])) for words in words_behind(TRIED, text) if len(words) == 2 and words[1].isdigit()]


def first_that_runs(files, statuses):
    """The first kind that runs and of which there is a file."""
    for kind, status in statuses:
        if status == RUNS and kind in files:
            return kind
    why = ["%s %s" % (kind, why_not(status)) for kind, status in statuses]
    raise AnsibleActionFail("no program of vz runs there: %s" % (", ".join(why) or "none was tried"))


def why_not(status):
    if status == RUNS:
        return "would run and is not given"
    if status == EMULATED:
        return "is emulated"
    return "ends by signal %d" % (status - 128) if status > 128 else "is refused"


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("src", "dest", "mode", "test", "kinds"))

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        args = self._task.args
        src, dest = args["src"], args["dest"]
        check = self._play_context.check_mode
        script = self._kinds_script(args["kinds"]) if isinstance(src, dict) else ""
        look = self._sh(script + LOOK, {"dest": dest, "directory": os.path.dirname(dest)}, check)
        if look["rc"] != 0:
            return self._failed(result, look)
        change = dest
        if isinstance(src, dict):
            kind = first_that_runs(src, statuses_in(look["stdout"]))
            src, change = src[kind], "%s (%s)" % (dest, kind)
        try:
            with open(src, "rb") as file:
                data = file.read()
        except OSError as error:
            raise AnsibleActionFail("%s: %s" % (src, error.strerror))
        if any(words[:1] == [hashlib.sha256(data).hexdigest()] for words in words_behind(THERE, look["stdout"])):
            return dict(result, changed=False, changes=[])
        if check:
            return dict(result, changed=True, changes=[change])
        new = "%s/.%s.new" % (os.path.dirname(dest), os.path.basename(dest))
        self._put(src, new)
        variables = {"new": new, "dest": dest, "mode": args["mode"], "size": len(data), "test": args.get("test", "")}
        done = self._sh(INSTALL, variables)
        if done["rc"] != 0:
            return self._failed(result, done)
        changes = _raw.changes_in(done["stdout"])
        return dict(result, changed=bool(changes), changes=changes, stdout=done["stdout"])

    def _kinds_script(self, name):
        with open(self._find_needle("files", name)) as source:
            return source.read()

    def _sh(self, script, variables, check=False):
        return _raw.run_with_attempts(self, _raw.shell_command(script, variables, check), 1)

    def _put(self, src, dest):
        try:
            self._connection.set_option("ssh_transfer_method", "sftp")
            self._connection.put_file(src, dest)
        except AnsibleError:
            # sftp ends with 255 where sshd has no such subsystem, as it does where the host is gone.
            self._connection.set_option("ssh_transfer_method", "piped")
            try:
                self._connection.put_file(src, dest)
            except AnsibleError as error:
                self._sh('rm -f "$dest"', {"dest": dest})
                lines = [line for line in to_text(error.message).splitlines() if line.strip()]
                raise AnsibleActionFail("%s: cannot be written: %s" % (dest, lines[-1] if lines else "no reason given"))

    @staticmethod
    def _failed(result, done):
        lines = done["stderr"].strip().splitlines()
        message = lines[0] if lines else "status %s" % done["rc"]
        return dict(result, failed=True, rc=done["rc"], stdout=done["stdout"], stderr=done["stderr"], msg=message)
