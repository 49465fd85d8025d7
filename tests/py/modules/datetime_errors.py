# Constructors and parsers of datetime word their errors as the C implementation does.
import datetime as d
def show(text):
    try:
        print(repr(eval(text)))
    except Exception as e:
        print(f"{type(e).__name__}: {e}")
for text in """\
d.date(1)
d.date(10**10, 2, 3)
d.date(1, 2, 30)
d.datetime(1, 2, 3, 4, 5, 6, 7, 8, 9)
d.datetime(1, 2, 3, hours=3)
d.datetime(1, 2, 3, 4, 5, 6, 7, 8)
d.time(24)
d.time(1, 2, 3, 4, None, fold=3)
d.timedelta('a')
d.timedelta(days=1, days2=2)
d.timedelta(10**9)
d.timedelta(10**20)
d.timedelta(float('nan'))
d.timedelta(days=10**40, hours=-24 * 10**40)
d.timedelta(1) * float('inf')
d.timedelta(1) / 0.0
d.timedelta(microseconds=3) * 0.5, d.timedelta(microseconds=5) / 2, d.timedelta(0) / 1e-300
d.timedelta(-1) // 10**400
d.date.fromordinal(10**7)
d.date.fromisoformat('2020-W54-1')
d.date.fromisoformat('2020-13-01')
d.datetime.fromisoformat('2020-01-01T24:00:01')
d.datetime.fromisoformat('9999-12-31T24:00:00')
d.datetime.fromisoformat('2020-01-01\\u123410:00:00,5-03:30')
d.datetime.fromisoformat('2020W011T10')
d.time.fromisoformat('T10:00+25')
d.date.fromisocalendar(9999, 52, 6)
d.datetime(1, 1, 1).isoformat('ab')
d.datetime(1, 1, 1).isoformat('T', 'x')
d.datetime(1, 1, 1).replace(year=10**10)
d.datetime.combine(d.date(1, 1, 1), 2)
d.datetime(1, 1, 1, tzinfo=d.UTC) < d.datetime(1, 1, 1)
d.timezone(d.timedelta(1))
d.timezone(d.timedelta(hours=-1, seconds=3, microseconds=7)).tzname(None)
d.date(b'ab\\x01\\xff').isoformat()
d.datetime(b'ab\\x01defghij', 3)
d.date('\\u1234b\\x01\\x01')
d.datetime(1, 2, 3, 4, 5, 6, 7, d.UTC, fold=1)
""".splitlines():
    show(text)
# expect: TypeError: function missing required argument 'month' (pos 2)
# expect: OverflowError: signed integer is greater than maximum
# expect: ValueError: day 30 must be in range 1..28 for month 2 in year 1
# expect: TypeError: function takes at most 8 positional arguments (9 given)
# expect: TypeError: this function got an unexpected keyword argument 'hours'. Did you mean 'hour'?
# expect: TypeError: tzinfo argument must be None or of a tzinfo subclass, not type 'int'
# expect: ValueError: hour must be in 0..23, not 24
# expect: ValueError: fold must be either 0 or 1, not 3
# expect: TypeError: unsupported type for timedelta days component: str
# expect: TypeError: __new__() got an unexpected keyword argument 'days2'. Did you mean 'days'?
# expect: OverflowError: days=1000000000; must have magnitude <= 999999999
# expect: OverflowError: Python int too large to convert to C int
# expect: ValueError: cannot convert float NaN to integer
# expect: datetime.timedelta(0)
# expect: OverflowError: cannot convert Infinity to integer ratio
# expect: ZeroDivisionError: division by zero
# expect: (datetime.timedelta(microseconds=2), datetime.timedelta(microseconds=2), datetime.timedelta(0))
# expect: datetime.timedelta(days=-1, seconds=86399, microseconds=999999)
# expect: ValueError: year must be in 1..9999, not 27380
# expect: ValueError: Invalid isoformat string: '2020-W54-1'
# expect: ValueError: month must be in 1..12, not 13
# expect: ValueError: minute, second, and microsecond must be 0 when hour is 24
# expect: ValueError: year must be in 1..9999, not 10000
# expect: datetime.datetime(2020, 1, 1, 10, 0, 0, 500000, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=73800)))
# expect: datetime.datetime(2019, 12, 30, 10, 0)
# expect: ValueError: offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not datetime.timedelta(days=1, seconds=3600)
# expect: ValueError: year must be in 1..9999, not 10000
# expect: TypeError: isoformat() argument 1 must be a unicode character, not a string of length 2
# expect: ValueError: Unknown timespec value
# expect: OverflowError: Python int too large to convert to C int
# expect: TypeError: combine() argument 2 must be datetime.time, not int
# expect: TypeError: can't compare offset-naive and offset-aware datetimes
# expect: ValueError: offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not datetime.timedelta(days=1)
# expect: 'UTC-00:59:56.999993'
# expect: '24930-01-255'
# expect: TypeError: bad tzinfo state arg
# expect: ValueError: Failed to encode latin1 string when unpickling a date object. pickle.load(data, encoding='latin1') is assumed.
# expect: datetime.datetime(1, 2, 3, 4, 5, 6, 7, fold=1, tzinfo=datetime.timezone.utc)
