raise SystemExit("bye")
# expect-error: bye
