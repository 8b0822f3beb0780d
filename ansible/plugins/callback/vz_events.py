"""Tells what a playbook does as one JSON object a line, for vz to read while it runs."""
from __future__ import absolute_import, division, print_function

import json
import multiprocessing
import os
import shutil
import sys

from ansible.plugins.callback import CallbackBase

__metaclass__ = type

DOCUMENTATION = """
name: vz_events
type: stdout
short_description: one JSON object a line
description:
  - Prints C(task), C(start), C(ok), C(failed), C(unreachable), C(skipped) events and, at the end, C(stats).
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "vz_events"

    def _say(self, **event):
        try:
            sys.stdout.write(json.dumps(event) + "\n")
            sys.stdout.flush()
        except OSError:
            self._end()

    @staticmethod
    def _end():
        """The reader is gone, killed maybe. An exception would only end Ansible's thread of results, which the rest then
        waits for without end."""
        for worker in multiprocessing.active_children():
            worker.terminate()
        scratch = os.environ.get("VZ_SCRATCH")
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)

    def _result(self, event, result, ignored=False):
        data = result._result
        if data.get("unreachable"):
            event = "unreachable"
        item = data.get("item")
        self._say(
            event=event,
            host=result._host.get_name(),
            task=result._task.get_name(),
            tags=[str(tag) for tag in result._task.tags],
            item=item.get("id") if isinstance(item, dict) else None,
            # None where the task does not say.
            ignored=bool(ignored),
            changed=bool(data.get("changed")),
            changes=[str(one) for one in data.get("changes") or []],
            rc=data.get("rc"),
            stdout=str(data.get("stdout") or ""),
            stderr=str(data.get("stderr") or ""),
            msg=str(data.get("msg") or ""),
            hint=str(data.get("hint") or ""),
        )

    def v2_runner_on_start(self, host, task):
        self._say(event="start", host=host.get_name(), task=task.get_name())

    def v2_runner_on_ok(self, result):
        # The sum over a loop, whose items have each been told.
        if "results" not in result._result:
            self._result("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if "results" not in result._result:
            self._result("failed", result, ignore_errors)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_runner_on_skipped(self, result):
        if "results" not in result._result:
            self._result("skipped", result)

    def v2_runner_item_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_item_on_failed(self, result):
        self._result("failed", result)

    def v2_runner_item_on_skipped(self, result):
        self._result("skipped", result)

    def v2_playbook_on_stats(self, stats):
        self._say(event="stats", hosts={host: stats.summarize(host) for host in stats.processed})
