namespace MgcpSipBridge.Sip;

/// <summary>What a Warning header says beside a status (RFC 3261 §20.43).</summary>
/// <param name="Code">300 to 399: 304 and 305 are about the media, 370 about bandwidth.</param>
/// <param name="Text">For people; at most 128 characters, none of them a control character.</param>
public sealed record SipWarning(int Code, string Text)
{
    private const int LongestText = 128;

    /// <summary>Whether it says that the media cannot be understood: their type (304) or their format (305).</summary>
    public bool IsAboutMedia => Code is 304 or 305;

    /// <summary>The first warning of a message that can be read; null for none.</summary>
    public static SipWarning? Of(SipMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        foreach (var value in message.Values(SipHeader.Warning))
        {
            // warn-code SP warn-agent SP warn-text
            if (value.Length < 6 || value[3] != ' ' || value[0] != '3' || !SipChars.TryNumber(value[..3], out var code)) continue;
            var quote = value.IndexOf((byte)'"');
            var text = quote < 0 ? "" : string.Concat(SipText.Unquote(value[quote..]).Where(static c => !char.IsControl(c)));
            return new SipWarning((int)code, text.Length > LongestText ? text[..LongestText] : text);
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => Text.Length == 0 ? $"{Code}" : $"{Code} {Text}";
}
