# Fractions without digits; floats and zone names of classes of their own.
from datetime import datetime, time, timedelta, timezone, tzinfo

for text in ("12:30:45.+05:00", "12:30.Z", "12:30:45,Z", "12:30:+05:00", "12:30:45.5Z"):
    try:
        print(time.fromisoformat(text))
    except ValueError as e:
        print(e)


def ratio(r):
    class F(float):
        def as_integer_ratio(self):
            return r
    return F()


for r in ((3, 2), (2, -3), (10**40, 10**41), 7, (1, 2, 3), (1.5, 2)):
    for f in (lambda x: timedelta(1) * x, lambda x: timedelta(1) / x):
        try:
            print(repr(f(ratio(r))))
        except (TypeError, ValueError) as e:
            print(type(e).__name__, e)


class Name(str):
    def replace(self, *args):
        return self.result


class Zone(tzinfo):
    def utcoffset(self, dt):
        return timedelta(0)

    def tzname(self, dt):
        return name


name = Name("zone")
for name.result in (None, "other"):
    try:
        print(time(1, tzinfo=Zone()).strftime("%H %Z"))
    except TypeError as e:
        print(e)
# expect: Invalid isoformat string: '12:30:45.+05:00'
# expect: Invalid isoformat string: '12:30.Z'
# expect: Invalid isoformat string: '12:30:45,Z'
# expect: 12:30:00+05:00
# expect: 12:30:45.500000+00:00
# expect: datetime.timedelta(days=1, seconds=43200)
# expect: datetime.timedelta(seconds=57600)
# expect: datetime.timedelta(days=-1, seconds=28800)
# expect: datetime.timedelta(days=-2, seconds=43200)
# expect: datetime.timedelta(seconds=8640)
# expect: datetime.timedelta(days=10)
# expect: TypeError unexpected return type from as_integer_ratio(): expected tuple, not 'int'
# expect: TypeError unexpected return type from as_integer_ratio(): expected tuple, not 'int'
# expect: ValueError as_integer_ratio() must return a 2-tuple
# expect: ValueError as_integer_ratio() must return a 2-tuple
# expect: TypeError non-integer arguments in division
# expect: TypeError non-integer arguments in division
# expect: tzname.replace() did not return a string
# expect: 01 other
