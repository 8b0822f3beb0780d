# -v reference=crun compare.awk EXPECTED CRUN-TAP RUNCH-TAP: compares two runs of the same tests, one with crun (or runc), one
# with runch: prints those that differ or that runch fails, then the totals. Its status is 1 where runch fails a test, or
# skips one that the other passes, and EXPECTED (NAME<TAB>REASON) does not name it; with -v machine=1 not where both fail it,
# since then it is the machine's. A test's name is GROUP/NAME, its group standing in a line "# GROUP" before; its result is
# "ok", "not ok", "skip", or "none" where it was never printed.

function result(run, name) { return (run, name) in results ? results[run, name] : "none" }

BEGIN { FS = "\t" }

{ run = FILENAME == ARGV[1] ? 1 : FILENAME == ARGV[2] ? 2 : 3 }

run == 1 {
  if ($0 != "" && $0 !~ /^#/) reasons[$1] = $2
  next
}

/^# / { group = substr($0, 3); next }

/^(not )?ok [0-9]+ / {
  name = $0
  sub(/^(not )?ok [0-9]+ (- )?/, "", name)
  verdict = /^not/ ? "not ok" : "ok"
  if (sub(/ *# ?(SKIP|skip).*/, "", name)) verdict = "skip"
  name = group "/" name
  if (!(name in seen)) names[++count] = name
  seen[name]
  results[run, name] = verdict
}

END {
  width = 4
  for (i = 1; i <= count; i++) if (length(names[i]) > width) width = length(names[i])
  line = "%-" width "s  %-6s  %-6s  %s\n"
  for (i = 1; i <= count; i++) {
    name = names[i]
    its = result(2, name)
    runch = result(3, name)
    total[reference, its]++
    total["runch", runch]++
    bad = runch != "ok" && !(runch == "skip" && its != "ok")
    why = name in reasons ? reasons[name] : ""
    if (bad && why == "" && its == runch && machine) why = "fails with " reference " too"
    if (bad && why == "") { why = "NEW"; failed++; failures = failures " " name }
    if (!bad) why = name in reasons && runch == "ok" ? "passes: take it off the list" : ""
    if (its == runch && !bad && why == "") continue
    if (!shown++) printf line, "TEST", reference, "runch", ""
    printf line, name, its, runch, why
  }
  if (shown) print ""
  printf "%-6s  %4s  %6s  %4s  %4s\n", "", "ok", "not ok", "skip", "none"
  for (i = 1; i <= 2; i++) {
    of = i == 1 ? reference : "runch"
    printf "%-6s  %4d  %6d  %4d  %4d\n", of, total[of, "ok"], total[of, "not ok"], total[of, "skip"], total[of, "none"]
  }
  if (count == 0) { print "no test ran"; exit 1 }
  if (failed) { print failed " failed that " ARGV[1] " does not name:" failures; exit 1 }
}
