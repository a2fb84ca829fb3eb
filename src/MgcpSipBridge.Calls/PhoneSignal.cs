namespace MgcpSipBridge.Calls;

/// <summary>What a phone shall do and what it shall be listened to for, until further notice. The hook is always watched.</summary>
public abstract record PhoneSignal
{
    private PhoneSignal()
    {
    }

    /// <summary>On hook and quiet.</summary>
    public sealed record Quiet : PhoneSignal
    {
        /// <summary>The only one.</summary>
        public static readonly Quiet Instance = new();
    }

    /// <summary>On hook and ringing, showing the caller where the phone can.</summary>
    /// <param name="Caller">Who calls.</param>
    /// <param name="Ring">The distinctive ring, 0 to 7; null for the ordinary one.</param>
    public sealed record Ringing(Party Caller, int? Ring = null) : PhoneSignal;

    /// <summary>Off hook, collecting digits; dial tone until the first one.</summary>
    /// <param name="DialTone">Whether dial tone plays.</param>
    /// <param name="Continues">Whether these are further digits of a number that seemed complete.</param>
    public sealed record Collecting(bool DialTone, bool Continues = false) : PhoneSignal
    {
        /// <summary>How long dial tone plays when nothing is dialled, where that matters; null: as long as it does.</summary>
        public TimeSpan? ToneTime { get; init; }
    }

    /// <summary>Off hook, hearing a tone.</summary>
    public sealed record Hearing(Tone Tone) : PhoneSignal;

    /// <summary>Off hook, hearing the far end or nothing.</summary>
    public sealed record Listening : PhoneSignal
    {
        /// <summary>The only one.</summary>
        public static readonly Listening Instance = new();
    }
}
