using System.Globalization;

namespace MgcpSipBridge.Sip;

/// <summary>A session's lifetime and who refreshes it (RFC 4028).</summary>
/// <param name="Seconds">Time from one refresh to the end without the next.</param>
/// <param name="WeRefresh">Whether the refreshes are ours.</param>
internal readonly record struct SessionInterval(uint Seconds, bool WeRefresh)
{
    /// <summary>No Min-SE is below it (§4).</summary>
    public const uint Least = 90;

    /// <summary>Half the interval (§10).</summary>
    public TimeSpan RefreshAfter => TimeSpan.FromSeconds(Seconds / 2.0);

    /// <summary>A third of the interval before the end, 32 s at most (§10).</summary>
    public TimeSpan GiveUpAfter => TimeSpan.FromSeconds(Seconds - Math.Min(32.0, Seconds / 3.0));

    /// <summary>The Min-SE to refuse a request with: 422; null when its interval is long enough, or its sender could make nothing of a 422 (§9).</summary>
    public static uint? TooShort(SipMessage request, SipSettings settings)
    {
        if (settings.SessionExpires <= TimeSpan.Zero || !Knows(request)) return null;
        var least = LeastOf(settings);
        return request.NumberOf(SipHeader.SessionExpires) < least ? least : null;
    }

    /// <summary>
    /// The UAS's choice (§9): the interval asked for, lowered to ours where its Min-SE allows; the refresher asked for, else the peer if it knows
    /// session timers (table 2). Null for a session without end: we have none, or neither side asks for one.
    /// </summary>
    public static SessionInterval? ForAnswer(SipMessage request, SipSettings settings)
    {
        if (settings.SessionExpires <= TimeSpan.Zero) return null;
        var knows = Knows(request);
        var asked = request.NumberOf(SipHeader.SessionExpires);
        if (asked is null && !knows) return null;
        var least = Math.Max(LeastOf(settings), request.NumberOf(SipHeader.MinSE) ?? 0);
        var ours = Math.Max((uint)settings.SessionExpires.TotalSeconds, least);
        var seconds = Math.Max(least, Math.Min(asked ?? ours, ours));
        return new SessionInterval(seconds, !knows || Refresher(request) == "uas");
    }

    /// <summary>The interval that a 2xx to a request of ours decides on (§7.2); null for a session without end.</summary>
    public static SessionInterval? FromAnswer(SipMessage response) =>
        response.NumberOf(SipHeader.SessionExpires) is { } seconds ? new SessionInterval(Math.Max(seconds, Least), Refresher(response) != "uas") : null;

    /// <summary>Session-Expires of a response of ours.</summary>
    public string InResponse => Text(WeRefresh ? "uas" : "uac");

    /// <summary>Session-Expires of a request of ours inside the dialog: the roles stay (§7.4).</summary>
    public string InRequest => Text(WeRefresh ? "uac" : "uas");

    /// <summary>Whether the sender knows the extension.</summary>
    public static bool Knows(SipMessage message) => message.Lists(SipHeader.Supported, "timer"u8) || message.Lists(SipHeader.Require, "timer"u8);

    private string Text(string refresher) => string.Create(CultureInfo.InvariantCulture, $"{Seconds};refresher={refresher}");

    private static uint LeastOf(SipSettings settings) => Math.Max(Least, (uint)settings.SessionMinimum.TotalSeconds);

    private static string Refresher(SipMessage message)
    {
        var value = message.First(SipHeader.SessionExpires);
        var semicolon = value.IndexOf((byte)';');
        return semicolon < 0 ? "" : new SipParameters(value[semicolon..]).TextOf("refresher"u8)?.ToLowerInvariant() ?? "";
    }
}
