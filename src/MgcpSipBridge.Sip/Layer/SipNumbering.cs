using System.Buffers;
using System.Collections.Immutable;

namespace MgcpSipBridge.Sip;

/// <summary>How numbers that begin alike are written for a peer, or read from it.</summary>
/// <param name="Prefix">What they begin with; empty for any number. 0-9, *, #, A-D, and + in front.</param>
/// <param name="Strip">How many symbols of the prefix are taken off.</param>
/// <param name="Prepend">What is put in front after that.</param>
/// <param name="MinDigits">Fewest symbols of a number that this is about.</param>
/// <param name="MaxDigits">Most; 0 for any number of them.</param>
public sealed record SipNumberRule(string Prefix, int Strip, string Prepend, int MinDigits = 0, int MaxDigits = 0);

/// <summary>
/// A peer's way with numbers: what stands at its lines as 030 1234 may have to go out as +49301234, and what comes in as that be shown as it is dialled. Of several rules the
/// one with the longest prefix counts, and of those the first. Equal when all of it is.
/// </summary>
/// <param name="toPeer">For numbers that the peer is told: called, calling, forwarding.</param>
/// <param name="fromPeer">For those that it tells.</param>
/// <param name="userPhone">Whether numbers are marked as such in URIs: <c>user=phone</c> (RFC 3261 §19.1.1).</param>
public readonly struct SipNumbering(ImmutableArray<SipNumberRule> toPeer, ImmutableArray<SipNumberRule> fromPeer, bool userPhone) : IEquatable<SipNumbering>
{
    private static readonly SearchValues<char> Symbols = SearchValues.Create("0123456789*#ABCD");

    /// <summary>For numbers that the peer is told.</summary>
    public ImmutableArray<SipNumberRule> ToPeer => toPeer.IsDefault ? [] : toPeer;

    /// <summary>For numbers that the peer tells.</summary>
    public ImmutableArray<SipNumberRule> FromPeer => fromPeer.IsDefault ? [] : fromPeer;

    /// <summary>Whether numbers are marked as such in URIs.</summary>
    public bool UserPhone => userPhone;

    /// <summary>A number as the peer is told of it.</summary>
    public string Out(string number) => Apply(ToPeer, number);

    /// <summary>A number of the peer's as lines know it.</summary>
    public string In(string number) => Apply(FromPeer, number);

    /// <summary>What a URI with this user says about it: <c>;user=phone</c> or nothing.</summary>
    public string ParameterOf(string user) => UserPhone && IsNumber(user) ? ";user=phone" : "";

    /// <inheritdoc/>
    public bool Equals(SipNumbering other) => UserPhone == other.UserPhone && ToPeer.SequenceEqual(other.ToPeer) && FromPeer.SequenceEqual(other.FromPeer);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SipNumbering other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (ToPeer.Length * 31) + FromPeer.Length;

    /// <summary>Whether both are the same.</summary>
    public static bool operator ==(SipNumbering left, SipNumbering right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(SipNumbering left, SipNumbering right) => !left.Equals(right);

    private static string Apply(ImmutableArray<SipNumberRule> rules, string number)
    {
        SipNumberRule? best = null;
        if (rules.IsEmpty || !IsNumber(number)) return number;
        foreach (var rule in rules)
        {
            if (!number.StartsWith(rule.Prefix, StringComparison.Ordinal) || number.Length < rule.MinDigits || (rule.MaxDigits > 0 && number.Length > rule.MaxDigits)) continue;
            if (best is null || rule.Prefix.Length > best.Prefix.Length) best = rule;
        }

        return best is null ? number : best.Prepend + number[Math.Min(best.Strip, best.Prefix.Length)..];
    }

    // What a phone can dial, or a global number (RFC 3966 §5.1.4): names are nobody's business here.
    private static bool IsNumber(string user)
    {
        var digits = user.StartsWith('+') ? user.AsSpan(1) : user;
        return digits.Length > 0 && !digits.ContainsAnyExcept(Symbols);
    }
}
