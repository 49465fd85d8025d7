from datetime import date, datetime, timedelta, timezone, time
d = datetime(2024, 2, 29, 12, 30, tzinfo=timezone.utc)
print(d, repr(d), d.isoformat(), d + timedelta(days=366), d.weekday(), d.strftime("%Y-%m-%d %H:%M:%S %j %a %b %%"), datetime.fromisoformat("2024-02-29T12:30:00+00:00") == d)  # expect: 2024-02-29 12:30:00+00:00 datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc) 2024-02-29T12:30:00+00:00 2025-03-01 12:30:00+00:00 3 2024-02-29 12:30:00 060 Thu Feb % True
print(timedelta(days=1, seconds=-1), repr(timedelta(1.5)), date(2024, 3, 1) - date(2024, 2, 1), date.fromordinal(1), time(1, 2, 3, 4), d.astimezone(timezone(timedelta(hours=2))), d.timestamp())  # expect: 23:59:59 datetime.timedelta(days=1, seconds=43200) 29 days, 0:00:00 0001-01-01 01:02:03.000004 2024-02-29 14:30:00+02:00 1709209800.0
for f in (lambda: date(2023, 2, 29), lambda: datetime(2024, 13, 1), lambda: date.fromisoformat("x"), lambda: d < datetime(2024, 1, 1), lambda: timedelta(days=10 ** 10)):
    try:
        f()
    except (ValueError, TypeError, OverflowError) as e:
        print(type(e).__name__, e)
        # expect: ValueError day 29 must be in range 1..28 for month 2 in year 2023
        # expect: ValueError month must be in 1..12, not 13
        # expect: ValueError Invalid isoformat string: 'x'
        # expect: TypeError can't compare offset-naive and offset-aware datetimes
        # expect: OverflowError Python int too large to convert to C int
