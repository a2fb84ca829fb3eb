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
    public sealed record Ringing(Party Caller) : PhoneSignal;

    /// <summary>Off hook, collecting digits; dial tone until the first one.</summary>
    /// <param name="DialTone">Whether dial tone plays.</param>
    public sealed record Collecting(bool DialTone) : PhoneSignal;

    /// <summary>Off hook, hearing a tone.</summary>
    public sealed record Hearing(Tone Tone) : PhoneSignal;

    /// <summary>Off hook, hearing the far end or nothing.</summary>
    public sealed record Listening : PhoneSignal
    {
        /// <summary>The only one.</summary>
        public static readonly Listening Instance = new();
    }
}
