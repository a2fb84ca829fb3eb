using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>What offers and answers say of encryption (RFC 4568 §5.1, §7.1), beside what they say of audio.</summary>
public static class CryptoNegotiation
{
    /// <summary>Profile of audio that is encrypted (RFC 3711 §12).</summary>
    public const string SecureProfile = "RTP/SAVP";

    /// <summary>Profile of audio that is not. With a=crypto lines it asks for encryption that the other side may pass over.</summary>
    public const string PlainProfile = "RTP/AVP";

    /// <summary>The lines of a first offer: every suite with a key of its own, the stronger one first.</summary>
    public static ImmutableArray<CryptoAttribute> NewLines(Entropy entropy) =>
        [new(1, SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag80, entropy)), new(2, SrtpKey.New(SrtpSuite.AesCm128HmacSha1Tag32, entropy))];

    /// <summary>Our offer with these lines.</summary>
    public static SessionDescription Offer(SessionDescription offer, string profile, ImmutableArray<CryptoAttribute> lines)
    {
        ArgumentNullException.ThrowIfNull(offer);
        return offer.Audio is { } audio ? Replace(offer, audio, audio with { Protocol = profile, Crypto = lines }) : offer;
    }

    /// <summary>
    /// Our answer with the line that we take of those that were offered: the stronger suite if it is there, else the first. Plain audio stays plain.
    /// </summary>
    /// <param name="offer">What was offered.</param>
    /// <param name="answer">Our answer to it, nothing being said of keys.</param>
    /// <param name="current">What we encrypt with until now; it stays unless the suite changes. Null: nothing.</param>
    /// <param name="entropy">Chance for a new key.</param>
    public static SessionDescription Answer(SessionDescription offer, SessionDescription answer, SrtpKey? current, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(offer);
        ArgumentNullException.ThrowIfNull(answer);
        for (var i = 0; i < offer.Media.Length; i++)
        {
            if (answer.Media[i].Port == 0 || offer.Srtp == SrtpPolicy.Off || !offer.Media[i].IsSecureAudio) continue;
            var line = offer.Media[i].Crypto.FirstOrDefault(line => line.Key.Suite == SrtpSuite.AesCm128HmacSha1Tag80) ?? offer.Media[i].Crypto[0];
            var key = current?.Suite == line.Key.Suite && !current.Equals(line.Key) ? current : SrtpKey.New(line.Key.Suite, entropy);
            return Replace(answer, answer.Media[i], answer.Media[i] with { Crypto = [new(line.Tag, key)] });
        }

        return answer;
    }

    /// <summary>
    /// The keys that follow from what we told and what we were told: those of the line whose tag both name, or none where one of them is plain. False when they
    /// name different ones, or the same key for both directions (§7.1.2, §7.1.3).
    /// </summary>
    /// <param name="ours">Our audio.</param>
    /// <param name="theirs">Theirs.</param>
    /// <param name="keys">The keys; null when nothing is encrypted.</param>
    public static bool TryAgree(MediaDescription? ours, MediaDescription? theirs, out SrtpKeys? keys)
    {
        keys = null;
        if (ours is null || theirs is null || ours.Crypto.IsEmpty || theirs.Crypto.IsEmpty) return true;
        foreach (var own in ours.Crypto)
        {
            foreach (var line in theirs.Crypto)
            {
                if (own.Tag != line.Tag || own.Key.Suite != line.Key.Suite) continue;
                if (own.Key.Equals(line.Key)) return false;
                keys = new(line.Key, own.Key, line.Life);
                return true;
            }
        }

        return false;
    }

    private static SessionDescription Replace(SessionDescription description, MediaDescription audio, MediaDescription by) =>
        description with { Media = description.Media.Replace(audio, by), Srtp = SrtpPolicy.Optional };
}
