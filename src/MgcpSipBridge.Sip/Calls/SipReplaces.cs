using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>A Replaces header (RFC 3891 §6.1): the dialog that a new one takes the place of, tags from the reader's point of view.</summary>
internal sealed record SipReplaces(string CallId, string ToTag, string FromTag, bool EarlyOnly)
{
    /// <summary>The header's text.</summary>
    public string Text => $"{CallId};to-tag={ToTag};from-tag={FromTag}{(EarlyOnly ? ";early-only" : "")}";

    /// <summary>Reads one; false when it lacks a part.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipReplaces? replaces)
    {
        replaces = null;
        var semicolon = value.IndexOf((byte)';');
        if (semicolon <= 0) return false;
        var parameters = new SipParameters(value[semicolon..]);
        if (parameters.TextOf("to-tag"u8) is not { Length: > 0 } to || parameters.TextOf("from-tag"u8) is not { Length: > 0 } from) return false;
        replaces = new SipReplaces(Encoding.UTF8.GetString(SipChars.Trim(value[..semicolon])), to, from, parameters.Has("early-only"u8));
        return true;
    }
}
