/** `vz trace`, `strace-trace`: what a command needs, by watching it run. */
import type { Command } from "../common/command/command.ts";
import { traceAndMake } from "./job.ts";
import { planTrace } from "./plan.ts";
import { STOP_OPTIONS } from "./watch/stop.ts";

const command: Command = {
  name: "vz trace",
  summary: "root filesystem, bundle or image of a program, by tracing it",
  usage: [
    "vz trace [-o FILE] CMD [ARG…]",
    "vz trace --rootfs DIR | --bundle DIR | --image FILE [--] CMD [ARG…]",
    "vz trace --from SPEC… [--no-run] [--rootfs DIR …] [[--] CMD [ARG…]]",
    "vz trace --recipe FILE [--rootfs DIR …]",
    "strace-trace CMD [ARG…]",
  ],
  details:
    "Runs CMD as it is, under strace(1), and writes the file spec: the name of every file that it opened, executed or " +
    "looked at, of every link on the way, and of loaders and interpreters; absolute, one a line, sorted. A line break " +
    "in a name reads \\n. Files that CMD made itself are left out. The exit status is CMD's.\n\n" +
    "With --rootfs, --bundle or --image it goes on to make that. A CMD that ends by TERM, INT or HUP is a daemon that " +
    "was stopped: all is made, and the status is 0. After any other failure there is the spec only. Exercise CMD as it " +
    "will be used: what it did not touch is not there. Of a directory that it listed, only what it opened is kept.\n\n" +
    "A daemon that does not end by itself is stopped by a signal to vz, which passes it on, or by --for and --until: all " +
    "that counts as success. CHECK runs again and again, untraced, until it succeeds: it may exercise the daemon from " +
    "outside.\n\n" +
    "What cannot be seen: files that were open before CMD started, or that an untraced process passed to it; what " +
    "io_uring would open (it is refused, and programs fall back). A file that the run changed is kept as it is " +
    "afterwards. What lies behind mounts of the run's own, or has a name of 4096 bytes or more, is told of on stderr, " +
    "and so are programs that ran without their setuid rights.\n\n" +
    "--from adds what earlier specs list, so that several runs make one root. Without CMD it only merges; with --no-run, " +
    "CMD is what the bundle or image will run, and is not run now.\n\n" +
    "--include adds files: a GLOB is an absolute name in which * ? and [a-z] match within a component, and ** any number " +
    "of components. /dir/** is the directory with all below it, /dir the directory alone. With a file come the links on " +
    "the way, a program's loader and libraries, a script's interpreter. --exclude takes out whatever its GLOB matches, " +
    "with all below it; a GLOB without a slash matches at any depth. An exclude wins over all else.\n\n" +
    "--report FILE tells what the root holds and why: files and bytes, the ten biggest, what came from which package " +
    "beside its installed size, what was guessed and not seen, what was left out and how to put it back, what CMD made " +
    "or removed, and how the spec differs from the one that bore its name before.\n\n" +
    "--check runs CMD twice, here and, when the root is made, in a copy of it, under vz's own runner; both without a " +
    "terminal and with nothing to read, unless --check-input gives something. Where exit status or output differ, it " +
    "shows the first line that does, names the first file that was looked for in vain there though it is here, and " +
    "ends with 2. Of a daemon that --for or --until stops, only that it came up there too is compared. " +
    "--check-status lets the output differ, as where it holds the time.\n\n" +
    "A bundle's config.json says what was seen: CMD, its directory, user and groups, of the variables those that find " +
    "files and set the language, a read-only root where CMD wrote to none of it. --env, --user, --cwd and --mount say " +
    "otherwise.\n\n" +
    "--recipe FILE reads all this from a YAML file, for one program traced in several runs. Its keys: command, run, " +
    "include, exclude, from, root, output, name, setuid, config. A run has command (that of the recipe, where it has " +
    "none), until, for, and exercise: commands that use the program once until succeeds. config has the keys of " +
    "process in the OCI runtime specification, with env as a map, and mounts, hostname, readonly and annotations. A " +
    "command is a list of words, or a text for the shell; names are relative to the recipe. Options add to its lists " +
    "and win over its values.",
  options: [
    { name: "output", alias: "o", value: "FILE", help: "where the spec goes (spec)" },
    { name: "rootfs", value: "DIR", help: "make a root filesystem" },
    { name: "bundle", value: "DIR", help: "make an OCI bundle: config.json and rootfs" },
    { name: "image", value: "FILE", help: "make an image: FILE.tar, FILE.tar.gz or FILE.tar.zst" },
    { name: "name", value: "NAME", help: "the image's name (the program's)" },
    { name: "root", value: "DIR", help: "run CMD inside this root filesystem (needs root)" },
    { name: "force", help: "replace DIR where it holds files" },
    ...STOP_OPTIONS,
    { name: "from", value: "SPEC", repeat: true, help: "add what an earlier spec lists" },
    { name: "no-run", help: "run nothing: make it of what --from and --include say" },
    { name: "include", value: "GLOB", repeat: true, help: "add files, and what they need" },
    { name: "exclude", value: "GLOB", repeat: true, help: "leave files out" },
    { name: "recipe", value: "FILE", help: "do what this file says" },
    {
      name: "report",
      value: "FILE",
      help: "tell there what came along, from which packages, what was guessed and left out; - is stdout",
    },
    {
      name: "check",
      help: "run CMD again in the new root, and compare exit status and output: 2 where they differ (needs root)",
    },
    { name: "check-status", help: "as --check, but the output may differ" },
    { name: "check-input", value: "FILE", help: "what both runs read from standard input (nothing)" },
    { name: "json", help: "the report for machines" },
    {
      name: "env",
      value: "NAME=VALUE",
      repeat: true,
      help: "a variable for the bundle; NAME takes it as it is",
    },
    { name: "user", value: "USER[:GROUP]", help: "who runs the bundle's command (who runs it now)" },
    { name: "cwd", value: "DIR", help: "where the bundle's command starts" },
    {
      name: "mount",
      value: "SRC:DST[:OPT,…]",
      repeat: true,
      help: "a mount of the bundle: SRC is a path or tmpfs",
    },
    {
      name: "setuid",
      help: "let setuid programs have their rights: slower, since every system call is then stopped at",
    },
  ],
  examples: [
    {
      command: "strace-trace perl -MHTTP::Date -e 'print time2str(time())'",
      does: "writes what perl needed for that to ./spec",
    },
    {
      command: "vz trace --image redis.tar.gz redis-server",
      does: "makes an image once redis is stopped (^C)",
    },
    {
      command: "vz trace --root /srv/debian-i386 --image date.tar.gz date",
      does: "makes an image for i386 on an amd64 host",
    },
    { command: "vz trace --rootfs root -- date -u", does: "after it, `chroot root date -u` works" },
    {
      command: "vz trace --include '/usr/share/zoneinfo/**' --exclude '*.pyc' --image app.tar python3 app.py",
      does: "adds all time zones, and leaves compiled files out",
    },
    {
      command: "vz trace --from get.spec --from put.spec --no-run --image app.tar ./app",
      does: "makes one image of two traced runs",
    },
    {
      command: "vz trace --check --report - --rootfs root git --version",
      does: "tells what the root holds, and whether git does the same in it",
    },
    {
      command: "vz trace --recipe redis.yaml --image redis.tar.gz",
      does: "exercises redis as the recipe says, and makes its image",
    },
  ],
  passThrough: true,
  run: async (args, io) => traceAndMake(await planTrace(args, io), io),
};
export default command;
