# Local times that the clocks skip, in the system's zone; checks of replace(); fields that are too wide.
import datetime
import os
import time

os.environ["TZ"] = "XYZ-5:30ABC,M3.2.0,M11.1.0"
time.tzset()
for fold in (0, 1):
    d = datetime.datetime(2024, 3, 10, 2, 15, fold=fold)
    print(d.astimezone(datetime.timezone.utc), d.astimezone())
    # expect: 2024-03-09 20:45:00+00:00 2024-03-10 03:15:00+06:30
    # expect: 2024-03-09 19:45:00+00:00 2024-03-10 01:15:00+05:30


class D(datetime.datetime):
    pass


def tried(f):
    try:
        print(f())
    except Exception as e:
        print(f"{type(e).__name__}: {e}")


for cls in (datetime.datetime, D):
    d = cls(2024, 1, 2)
    tried(lambda: d.replace(month=13, fold=2))  # expect: ValueError: month must be in 1..12, not 13
    tried(lambda: d.replace(fold=2))  # expect: ValueError: fold must be either 0 or 1, not 2
    tried(lambda: d.replace(month=13, tzinfo=5))  # expect: ValueError: month must be in 1..12, not 13
    # expect: ValueError: month must be in 1..12, not 13
    # expect: ValueError: fold must be either 0 or 1, not 2
    # expect: ValueError: month must be in 1..12, not 13

print(repr(time.strftime("%9999999999d")), len(time.strftime("%2000d")))  # expect: '' 2000
