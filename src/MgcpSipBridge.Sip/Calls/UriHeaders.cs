using System.Collections.Immutable;
using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>The headers that a URI carries for a request to it, <c>?name=value&amp;…</c> (RFC 3261 §19.1.1).</summary>
internal static class UriHeaders
{
    // What travels on is a wish of somebody else's: a handful, and no longer than a header of anybody's should be.
    private const int MostCarried = 8;
    private const int LongestCarried = 512;

    /// <summary>Their names and values, escapes undone. A value may hold anything, line ends included: the writer makes it harmless.</summary>
    public static IEnumerable<(string Name, string Value)> Of(SipUri uri) => Split(Encoding.ASCII.GetString(uri.Headers));

    /// <summary>
    /// Those of a Refer-To or a redirection's Contact that go on into the request that follows it: User-to-User (RFC 7433 §4) and private ones
    /// (<c>X-…</c>). All others would let the one who names the target speak in our name.
    /// </summary>
    public static ImmutableArray<(string Name, string Value)> Carried(SipUri uri) => uri.Headers.IsEmpty
        ? []
        : [.. Of(uri).Where(static header => MayTravel(header.Name) && header.Value.Length is > 0 and <= LongestCarried).Take(MostCarried)];

    /// <summary>The headers of these names that somebody sent along with an INVITE, in its order; named as they are here, whatever the case there.</summary>
    public static ImmutableArray<(string Name, string Value)> Kept(SipMessage invite, ImmutableArray<string> names)
    {
        var kept = ImmutableArray.CreateBuilder<(string, string)>();
        for (var i = 0; i < invite.HeaderCount && kept.Count < MostCarried && names.Length > 0; i++)
        {
            var line = invite.HeaderAt(i);
            if (line.Header is not (SipHeader.UserToUser or SipHeader.Other) || line.Value.Length is 0 or > LongestCarried) continue;
            var sent = Encoding.ASCII.GetString(line.Name);
            if (MayTravel(sent) && names.FirstOrDefault(name => name.Equals(sent, StringComparison.OrdinalIgnoreCase)) is { } known) kept.Add((known, Encoding.UTF8.GetString(line.Value)));
        }

        return kept.DrainToImmutable();
    }

    /// <summary>As the headers of a URI, from their '?' on; empty for none.</summary>
    public static string Write(ImmutableArray<(string Name, string Value)> headers) =>
        headers.IsEmpty ? "" : "?" + string.Join('&', headers.Select(static header => $"{header.Name}={SipText.EscapeParameter(header.Value)}"));

    /// <summary>Whether a header of that name is kept by this back-to-back user agent.</summary>
    public static bool MayTravel(string name) =>
        name.Equals("User-to-User", StringComparison.OrdinalIgnoreCase)
        || (name.Length is > 2 and <= 64 && name.StartsWith("X-", StringComparison.OrdinalIgnoreCase) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'));

    private static IEnumerable<(string Name, string Value)> Split(string headers)
    {
        foreach (var header in headers.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = header.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) yield return (Plain(header[..equals]), Plain(header[(equals + 1)..]));
        }
    }

    private static string Plain(string text) => SipText.Unescape(Encoding.ASCII.GetBytes(text));
}
