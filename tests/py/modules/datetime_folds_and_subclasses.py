# Local times where clocks are changed: folds, gaps, conversions, and results in classes derived from datetime.
from datetime import date, datetime, time, timedelta, timezone, UTC
for fold in (0, 1):
    print(datetime(2020, 10, 25, 2, 30, fold=fold).timestamp(), datetime(2020, 3, 29, 2, 30, fold=fold).timestamp())
    print(datetime(2020, 10, 25, 2, 30, fold=fold).astimezone())
print(datetime.fromtimestamp(1603589400), datetime.fromtimestamp(1603589400).fold, datetime.fromtimestamp(1603585800).fold)
print(datetime(2020, 7, 1, tzinfo=UTC).astimezone().tzname(), datetime(1, 1, 1, tzinfo=UTC).astimezone())
class D(datetime):
    extra = 1
class T(time):
    pass
class E(date):
    pass
a = D(2020, 1, 31, 5, tzinfo=UTC)
for x in (a + timedelta(1), timedelta(1) + a, a - timedelta(1), a.replace(hour=1), a.astimezone(timezone(timedelta(hours=2))),
          D.fromisoformat('2020-01-01T00:00Z'), D.combine(date(1, 2, 3), time(4)), D.fromordinal(5), D.strptime('2020', '%Y')):
    print(type(x).__name__, x)
print(type(a - a).__name__, type(a.date()).__name__, type(T(3).replace(hour=4)).__name__, E(2020, 1, 31) + timedelta(1))
print(repr(E(1, 1, 1)), repr(T(5, fold=1)), repr(a))
class Z(timezone.__base__):
    def utcoffset(self, dt): return timedelta(hours=1 + (dt.fold if dt else 0))
    def dst(self, dt): return timedelta(0)
    def tzname(self, dt): return 'a%b'
x = datetime(2020, 1, 1, 1, tzinfo=Z())
print(x == datetime(2020, 1, 1, tzinfo=UTC), x != datetime(2020, 1, 1, tzinfo=UTC), x - datetime(2020, 1, 1, tzinfo=UTC))
print(x.strftime('%Z %z %:z %f %Y %%'), hash(x) == hash(x.replace(fold=1)))
print(f"{date(5, 1, 2):%Y|%G|%C|%F}", f"{time(1, 2, 3, 4):%H.%f}", f"{date(5, 1, 2)}")
# env: TZ=Europe/Berlin
# expect: 1603585800.0 1585445400.0
# expect: 2020-10-25 02:30:00+02:00
# expect: 1603589400.0 1585441800.0
# expect: 2020-10-25 02:30:00+01:00
# expect: 2020-10-25 02:30:00 1 0
# expect: CEST 0001-01-01 00:53:28+00:53:28
# expect: D 2020-02-01 05:00:00+00:00
# expect: D 2020-02-01 05:00:00+00:00
# expect: D 2020-01-30 05:00:00+00:00
# expect: D 2020-01-31 01:00:00+00:00
# expect: D 2020-01-31 07:00:00+02:00
# expect: D 2020-01-01 00:00:00+00:00
# expect: D 0001-02-03 04:00:00
# expect: D 0001-01-05 00:00:00
# expect: D 2020-01-01 00:00:00
# expect: timedelta date T 2020-02-01
# expect: E(1, 1, 1) T(5, 0, fold=1) D(2020, 1, 31, 5, 0, tzinfo=datetime.timezone.utc)
# expect: False True 0:00:00
# expect: a%b +0100 +01:00 000000 2020 % True
# expect: 0005|0004|00|0005-01-02 01.000004 0005-01-02
