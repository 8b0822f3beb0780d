"""Runs a shell script or a command on a host that has no Python, in one round trip, with a module's manners.

Ansible's own `raw` always says "changed" and is skipped under --check. Here
  script | file   a POSIX shell script, or one of the role's files; runs under `sh`
  vars            variables set for the script
  argv            a command's words; reaches an account under a forced command as they are
  argv_base64     the same, as base64 of a JSON list: no word is taken for a template
  changed         marker (default): where the script says "vz: changed WHAT", a line each; always; never
  check           skip (default), or run: the script sees VZ_CHECK=1 and must change nothing
  attempts        how often to try, two seconds apart, where the host cannot be reached
  unreachable_hint  what a host that cannot be reached is told with, beside the reason
"""
from __future__ import absolute_import, division, print_function

import base64
import json
import shlex
import time

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

__metaclass__ = type

MARKER = "vz: changed "

# Begins every script. `changing WHAT` tells of a change, and is true where it is to be made.
PRELUDE = """\
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022
changing() { echo "vz: changed $*"; [ -z "$VZ_CHECK" ]; }
die() { echo "vz: $*" >&2; exit 1; }
"""


def shell_command(script, variables, check):
    """The command line that runs `script`, whatever the account's shell: dash, ash, bash or csh."""
    lines = ["VZ_CHECK=%s" % ("1" if check else "")]
    for name, value in sorted(variables.items()):
        lines.append("%s=%s" % (name, shlex.quote(str(value))))
    return "exec /bin/sh -c " + shlex.quote("\n".join(lines) + "\n" + PRELUDE + script)


def changes_in(stdout):
    return [line[len(MARKER):] for line in stdout.splitlines() if line.startswith(MARKER)]


def run_with_attempts(action, command, attempts):
    """One command by the connection, without the `sh -c` and the temporary directory that modules need."""
    for left in range(attempts - 1, -1, -1):
        try:
            # An empty executable: the text goes as it is.
            return action._low_level_execute_command(command, sudoable=False, executable="")
        except AnsibleConnectionFailure:
            if left == 0:
                raise
            time.sleep(2)
            action._connection.reset()


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        ("script", "file", "vars", "argv", "argv_base64", "changed", "check", "attempts", "unreachable_hint")
    )

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        args = self._task.args
        check = self._play_context.check_mode
        if check and args.get("check", "skip") != "run":
            result["skipped"] = True
            return result
        try:
            done = run_with_attempts(self, self._command(args, check), int(args.get("attempts", 1)))
        except AnsibleConnectionFailure as error:
            result.update(unreachable=True, msg=str(error))
            if "unreachable_hint" in args:
                result["hint"] = args["unreachable_hint"]
            return result
        result.update(rc=done["rc"], stdout=done["stdout"], stderr=done["stderr"])
        result["changes"] = changes_in(done["stdout"])
        manner = args.get("changed", "marker")
        result["changed"] = manner == "always" or (manner == "marker" and bool(result["changes"]))
        if done["rc"] != 0:
            result["failed"] = True
            lines = done["stderr"].strip().splitlines()
            result["msg"] = lines[0] if lines else "status %s" % done["rc"]
        return result

    def _command(self, args, check):
        if "argv_base64" in args:
            return self._words(json.loads(base64.b64decode(args["argv_base64"])))
        if "argv" in args:
            return self._words(args["argv"])
        if "file" in args:
            with open(self._find_needle("files", args["file"])) as source:
                script = source.read()
        elif "script" in args:
            script = args["script"]
        else:
            raise AnsibleActionFail("vz_raw: one of script, file, argv, argv_base64 is needed")
        return shell_command(script, args.get("vars") or {}, check)

    @staticmethod
    def _words(words):
        if not isinstance(words, list) or not words:
            raise AnsibleActionFail("vz_raw: not a list of words")
        return " ".join(shlex.quote(str(word)) for word in words)
