namespace MgcpSipBridge.SansIo;

/// <summary>
/// A point on the monotonic time line that a host hands to the engine. Counted in ticks of 100 ns from an origin that only the
/// host knows: instants are compared and subtracted, never shown to a person as a date.
/// </summary>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>The origin of the time line.</summary>
    public static readonly Instant Zero = new(0);

    /// <summary>Later than every instant a host can name: "never".</summary>
    public static readonly Instant Never = new(long.MaxValue);

    /// <summary>The instant <paramref name="delay"/> after <paramref name="at"/>; saturates at <see cref="Never"/>.</summary>
    public static Instant operator +(Instant at, TimeSpan delay)
    {
        var sum = unchecked(at.Ticks + delay.Ticks);
        return delay.Ticks > 0 && sum < at.Ticks ? Never : new Instant(sum);
    }

    /// <summary>The instant <paramref name="delay"/> before <paramref name="at"/>.</summary>
    public static Instant operator -(Instant at, TimeSpan delay) => new(at.Ticks - delay.Ticks);

    /// <summary>The time from <paramref name="earlier"/> to <paramref name="later"/>.</summary>
    public static TimeSpan operator -(Instant later, Instant earlier) => TimeSpan.FromTicks(later.Ticks - earlier.Ticks);

    /// <summary>Whether the left instant is earlier.</summary>
    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    /// <summary>Whether the left instant is later.</summary>
    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    /// <summary>Whether the left instant is not later.</summary>
    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    /// <summary>Whether the left instant is not earlier.</summary>
    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    /// <summary>The earlier of two instants.</summary>
    public static Instant Min(Instant left, Instant right) => left < right ? left : right;

    /// <summary>The earlier of two optional instants; null only if both are.</summary>
    public static Instant? Earliest(Instant? left, Instant? right) =>
        left is not { } l ? right : right is not { } r ? left : Min(l, r);

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    /// <summary>Seconds since the origin, with microseconds: <c>12.345678s</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Ticks / 1e7:0.000000}s");
}
