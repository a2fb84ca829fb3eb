using System.Collections.Immutable;
using System.Globalization;

namespace MgcpSipBridge.Engine;

/// <summary>
/// When a route holds: at times of the day, on days of the week, on dates; each that is given must fit. A time that goes past midnight belongs to the day on which it
/// begins.
/// </summary>
public sealed class RouteSchedule
{
    private readonly ImmutableArray<(TimeSpan From, TimeSpan To)> _times;
    private readonly ImmutableArray<(DayOfWeek From, DayOfWeek To)> _weekdays;
    private readonly ImmutableArray<(MonthDay From, MonthDay To)> _dates;

    private readonly Func<DateTime, TimeSpan> _offset;

    private RouteSchedule(
        string zone, Func<DateTime, TimeSpan> offset, ImmutableArray<string> times, ImmutableArray<string> weekdays, ImmutableArray<string> dates,
        ImmutableArray<(TimeSpan, TimeSpan)> readTimes, ImmutableArray<(DayOfWeek, DayOfWeek)> readDays, ImmutableArray<(MonthDay, MonthDay)> readDates)
    {
        (Zone, _offset, Times, Weekdays, Dates) = (zone, offset, times, weekdays, dates);
        (_times, _weekdays, _dates) = (readTimes, readDays, readDates);
    }

    /// <summary>Name of the time zone whose clock it goes by; empty: that of the machine that reads it.</summary>
    public string Zone { get; }

    /// <summary>Times of the day as they were written: <c>08:00-17:30</c>, <c>22:00-06:00</c>.</summary>
    public ImmutableArray<string> Times { get; }

    /// <summary>Days of the week as they were written: <c>mon</c>, <c>mon-fri</c>.</summary>
    public ImmutableArray<string> Weekdays { get; }

    /// <summary>Dates as they were written: <c>2026-12-24</c>, <c>2026-12-24..2027-01-02</c>; every year: <c>12-25</c>, <c>12-24..01-02</c>.</summary>
    public ImmutableArray<string> Dates { get; }

    /// <summary>Reads a schedule; <paramref name="wrong"/> is told every part that is no time, weekday or date. Null when there was one.</summary>
    /// <param name="zone">Name of the time zone whose clock it goes by; empty: that of the machine.</param>
    /// <param name="offset">What that clock shows more than UTC, at a moment in UTC.</param>
    /// <param name="times">Times of the day.</param>
    /// <param name="weekdays">Days of the week.</param>
    /// <param name="dates">Dates.</param>
    /// <param name="wrong">Told the kind ("times", "weekdays", "dates"), which one of them, and what is wrong.</param>
    public static RouteSchedule? Read(string zone, Func<DateTime, TimeSpan> offset, ImmutableArray<string> times, ImmutableArray<string> weekdays, ImmutableArray<string> dates, Action<string, int, string> wrong)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        var fine = true;
        var schedule = new RouteSchedule(zone, offset, times, weekdays, dates,
            All<(TimeSpan, TimeSpan)>("times", times, TryTimes, "is not a time of the day such as 08:00-17:30"),
            All<(DayOfWeek, DayOfWeek)>("weekdays", weekdays, TryDays, "is not a day of the week such as mon, or mon-fri"),
            All<(MonthDay, MonthDay)>("dates", dates, TryDates, "is not a date such as 2026-12-24, 2026-12-24..2027-01-02, or every year 12-25"));
        return fine ? schedule : null;

        ImmutableArray<T> All<T>(string kind, ImmutableArray<string> texts, TryRead<T> read, string why)
        {
            var all = ImmutableArray.CreateBuilder<T>();
            for (var i = 0; i < texts.Length; i++)
            {
                if (read(texts[i], out var one))
                {
                    all.Add(one);
                    continue;
                }

                fine = false;
                wrong(kind, i, $"\"{texts[i]}\" {why}");
            }

            return all.ToImmutable();
        }
    }

    /// <summary>Whether it holds at a moment in UTC.</summary>
    public bool Holds(DateTime utc)
    {
        var local = utc + _offset(utc);
        if (_times.IsEmpty) return IsDay(local);
        var time = local.TimeOfDay;
        foreach (var (from, to) in _times)
        {
            if (from < to)
            {
                if (time >= from && time < to && IsDay(local)) return true;
            }
            else if ((time >= from && IsDay(local)) || (time < to && IsDay(local.AddDays(-1))))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsDay(DateTime day) => IsWeekday(day.DayOfWeek) && IsDate(day);

    private bool IsWeekday(DayOfWeek day)
    {
        if (_weekdays.IsEmpty) return true;
        foreach (var (from, to) in _weekdays)
            if (from <= to ? day >= from && day <= to : day >= from || day <= to) return true;
        return false;
    }

    private bool IsDate(DateTime day)
    {
        if (_dates.IsEmpty) return true;
        foreach (var (from, to) in _dates)
        {
            var at = new MonthDay(from.Year == 0 ? 0 : day.Year, day.Month, day.Day);
            if (from.CompareTo(to) <= 0 ? at.CompareTo(from) >= 0 && at.CompareTo(to) <= 0 : at.CompareTo(from) >= 0 || at.CompareTo(to) <= 0) return true;
        }

        return false;
    }

    private delegate bool TryRead<T>(string text, out T read);

    private static bool TryTimes(string text, out (TimeSpan, TimeSpan) read)
    {
        read = default;
        var parts = text.Split('-');
        if (parts.Length != 2 || !TryTime(parts[0], out var from) || !TryTime(parts[1], out var to) || from == to || from == TimeSpan.FromDays(1)) return false;
        read = (from, to);
        return true;
    }

    private static bool TryTime(string text, out TimeSpan time)
    {
        time = default;
        if (text is not [>= '0' and <= '9', >= '0' and <= '9', ':', >= '0' and <= '9', >= '0' and <= '9']) return false;
        var (hours, minutes) = (int.Parse(text.AsSpan(0, 2), CultureInfo.InvariantCulture), int.Parse(text.AsSpan(3), CultureInfo.InvariantCulture));
        time = new TimeSpan(hours, minutes, 0);
        return minutes < 60 && time <= TimeSpan.FromDays(1);
    }

    private static bool TryDays(string text, out (DayOfWeek, DayOfWeek) read)
    {
        read = default;
        var parts = text.Split('-');
        if (parts.Length > 2 || !TryDay(parts[0], out var from) || !TryDay(parts[^1], out var to)) return false;
        read = (from, to);
        return true;
    }

    private static bool TryDay(string text, out DayOfWeek day)
    {
        (var known, day) = text.ToLowerInvariant() switch
        {
            "sun" => (true, DayOfWeek.Sunday),
            "mon" => (true, DayOfWeek.Monday),
            "tue" => (true, DayOfWeek.Tuesday),
            "wed" => (true, DayOfWeek.Wednesday),
            "thu" => (true, DayOfWeek.Thursday),
            "fri" => (true, DayOfWeek.Friday),
            "sat" => (true, DayOfWeek.Saturday),
            _ => (false, default),
        };
        return known;
    }

    private static bool TryDates(string text, out (MonthDay, MonthDay) read)
    {
        read = default;
        var parts = text.Split("..");
        if (parts.Length > 2 || !TryDate(parts[0], out var from) || !TryDate(parts[^1], out var to) || from.Year == 0 != (to.Year == 0)) return false;
        // From a year's end into the next one is a matter of every year alone.
        if (from.Year != 0 && from.CompareTo(to) > 0) return false;
        read = (from, to);
        return true;
    }

    private static bool TryDate(string text, out MonthDay date)
    {
        date = default;
        // 2000 was a leap year: every year's 02-29 is one.
        var yearly = text.Length == 5;
        if (!DateTime.TryParseExact(yearly ? "2000-" + text : text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var read)) return false;
        date = new MonthDay(yearly ? 0 : read.Year, read.Month, read.Day);
        return true;
    }

    /// <summary>A date; with year 0 that of every year.</summary>
    private readonly record struct MonthDay(int Year, int Month, int Day) : IComparable<MonthDay>
    {
        public int CompareTo(MonthDay other) => (Year, Month, Day).CompareTo((other.Year, other.Month, other.Day));
    }
}
