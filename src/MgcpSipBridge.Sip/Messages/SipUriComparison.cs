using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

/// <summary>Equality of URIs by RFC 3261 §19.1.4: what a registrar's answer, a redirect or a dialog's target is compared by.</summary>
public static class SipUriComparison
{
    /// <summary>Whether two URIs are equivalent; text that is no URI equals nothing.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        SipUri.TryParse(left, out var l) && SipUri.TryParse(right, out var r) && AreEqual(l, r);

    /// <summary>Whether two URIs are equivalent.</summary>
    public static bool AreEqual(SipUri left, SipUri right)
    {
        if (left.Scheme != right.Scheme) return false;
        if (left.Scheme == SipUriScheme.Other) return left.Text.SequenceEqual(right.Text);
        return left.User.IsEmpty == right.User.IsEmpty && EqualEscaped(left.User, right.User, ignoreCase: false)
            && EqualEscaped(left.Password, right.Password, ignoreCase: false)
            && SameHost(left.Host, right.Host)
            // A URI that omits the port differs from one that names the default: the last pair of §19.1.4's list.
            && left.Port == right.Port
            && ParametersMatch(left.Parameters, right.Parameters) && ParametersMatch(right.Parameters, left.Parameters)
            && HeadersMatch(left.Headers, right.Headers) && HeadersMatch(right.Headers, left.Headers);
    }

    private static bool SameHost(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        Ascii.EqualsIgnoreCase(left, right)
        || (NetAddress.TryParse(left, 0, out var l) && NetAddress.TryParse(right, 0, out var r) && l == r);

    /// <summary>Each parameter of <paramref name="left"/> either matches or may be missing on the right.</summary>
    private static bool ParametersMatch(SipParameters left, SipParameters right)
    {
        foreach (var parameter in left)
        {
            if (right.TryGet(parameter.Name, out var value))
            {
                if (!EqualEscaped(parameter.Value, value, ignoreCase: true)) return false;
            }
            else if (MustBeInBoth(parameter.Name))
            {
                return false;
            }
        }

        return true;
    }

    // user, ttl, method and maddr in one URI only make a difference; transport too (the last example of §19.1.4's "not equivalent" list).
    private static bool MustBeInBoth(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "user"u8) || Ascii.EqualsIgnoreCase(name, "ttl"u8) || Ascii.EqualsIgnoreCase(name, "method"u8)
        || Ascii.EqualsIgnoreCase(name, "maddr"u8) || Ascii.EqualsIgnoreCase(name, "transport"u8);

    /// <summary>Every header of <paramref name="left"/> stands on the right with the same value, in any order: headers are never ignored.</summary>
    private static bool HeadersMatch(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        foreach (var range in left.Split((byte)'&'))
        {
            var header = left[range];
            if (header.IsEmpty) continue;
            var found = false;
            foreach (var other in right.Split((byte)'&'))
            {
                found |= SameHeader(header, right[other]);
            }

            if (!found) return false;
        }

        return true;
    }

    private static bool SameHeader(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var l = left.IndexOf((byte)'=');
        var r = right.IndexOf((byte)'=');
        return l >= 0 && r >= 0 && EqualEscaped(left[..l], right[..r], ignoreCase: true) && EqualEscaped(left[l..], right[r..], ignoreCase: false);
    }

    /// <summary>Compares with %HH equal to the character it stands for, except where that character is reserved (RFC 2396 §2.2).</summary>
    private static bool EqualEscaped(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, bool ignoreCase)
    {
        while (!left.IsEmpty && !right.IsEmpty)
        {
            if (Take(ref left, ignoreCase) != Take(ref right, ignoreCase)) return false;
        }

        return left.IsEmpty && right.IsEmpty;
    }

    private static int Take(ref ReadOnlySpan<byte> text, bool ignoreCase)
    {
        int value = text[0];
        if (value == '%' && text.Length >= 3 && SipText.HexPair(text[1..], out var decoded))
        {
            text = text[3..];
            value = ";/?:@&=+$,"u8.Contains(decoded) ? decoded | 0x100 : decoded;
        }
        else
        {
            text = text[1..];
        }

        return ignoreCase && value is >= 'A' and <= 'Z' ? value | 0x20 : value;
    }
}
