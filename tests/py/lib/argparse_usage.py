import argparse
p = argparse.ArgumentParser(prog="prog", description="d", color=False)
p.add_argument("file"); p.add_argument("-n", "--num", type=int, default=1, help="a number"); p.add_argument("--flag", action="store_true")
print(p.parse_args(["f", "-n", "3", "--flag"]))
p.print_help()
try:
    p.parse_args(["-n", "x", "f"])
except SystemExit as e:
    print(e.code)
# expect: Namespace(file='f', num=3, flag=True)
# expect: usage: prog [-h] [-n NUM] [--flag] file
# expect:
# expect: d
# expect:
# expect: positional arguments:
# expect:   file
# expect:
# expect: options:
# expect:   -h, --help     show this help message and exit
# expect:   -n, --num NUM  a number
# expect:   --flag
# expect: 2
# expect-error: prog: error: argument -n/--num: invalid int value: 'x'
# exit: 0
