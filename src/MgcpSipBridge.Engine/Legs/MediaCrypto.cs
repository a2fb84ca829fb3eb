using System.Collections.Immutable;
using MgcpSipBridge.Media;

namespace MgcpSipBridge.Engine;

/// <summary>What a call's audio is encrypted with towards its peer, and what our offers and answers say of that (RFC 4568).</summary>
internal sealed class MediaCrypto(EngineCore core)
{
    private SrtpPolicy _policy;
    private string _profile = CryptoNegotiation.PlainProfile;
    private ImmutableArray<CryptoAttribute> _lines = [];

    /// <summary>What holds now; null: nothing is encrypted.</summary>
    public SrtpKeys? Keys { get; private set; }

    /// <summary>Whether our key is to be changed at the next chance.</summary>
    public bool IsOld { get; private set; }

    /// <summary>Whether what we told last asks for encryption.</summary>
    public bool IsAsked => !_lines.IsEmpty;

    /// <summary>Whether there is no call without it.</summary>
    public bool IsRequired => _policy == SrtpPolicy.Required;

    /// <summary>Whether the peer may do without it although it was asked for it.</summary>
    public bool IsOptional => _policy == SrtpPolicy.Optional;

    /// <summary>A first offer follows, to somebody who has not been told anything: no other one's keys are told to this one.</summary>
    /// <param name="peer">Whose that is.</param>
    /// <param name="plainly">Whether it has refused encryption already.</param>
    /// <param name="isLate">
    /// Whether it asked for the offer. It then cannot refuse it and be offered another: where encryption is optional it is offered under the plain profile, where
    /// the other side may pass it over.
    /// </param>
    public void Begin(string? peer, bool plainly = false, bool isLate = false)
    {
        _policy = PolicyOf(peer);
        if (_policy == SrtpPolicy.Off || plainly)
        {
            _lines = [];
            return;
        }

        _profile = isLate && IsOptional ? CryptoNegotiation.PlainProfile : CryptoNegotiation.SecureProfile;
        _lines = CryptoNegotiation.NewLines(core.KeyEntropy);
    }

    /// <summary>
    /// The present key is near its end: whatever is told next has another (RFC 4568 §5.1.4), under the same tags and suites. Until both have agreed on it the present one holds, and it
    /// goes on to where that is refused (§7.1.4).
    /// </summary>
    public void Renew()
    {
        IsOld = true;
        _lines = [.. _lines.Select(line => line with { Key = SrtpKey.New(line.Key.Suite, core.KeyEntropy) })];
    }

    /// <summary>An offer of the peer's, with what may be taken of it.</summary>
    public SessionDescription Read(SessionDescription offer, string? peer)
    {
        _policy = PolicyOf(peer);
        return offer with { Srtp = _policy };
    }

    /// <summary>An answer of the peer's, with what may be taken of it: nothing but what was asked for.</summary>
    public SessionDescription ReadAnswer(SessionDescription answer) => answer with { Srtp = IsAsked ? _policy : SrtpPolicy.Off };

    /// <summary>Whether an offer asks for something that is not encrypted, where only encrypted audio is allowed: for plain audio, or for T.38, which has no protection (RFC 5347 §4).</summary>
    public static bool IsTooOpen(SessionDescription offer) => offer is { Srtp: SrtpPolicy.Required, Audio: null } && offer.Media.Any(media => media.IsPlainAudio || media.IsFax);

    /// <summary>Our offer.</summary>
    public SessionDescription Offer(SessionDescription offer) => IsAsked ? CryptoNegotiation.Offer(offer, _profile, _lines) : offer;

    /// <summary>Our answer to the peer's offer, with the key that we have used until now.</summary>
    /// <param name="offer">As <see cref="Read"/> left it.</param>
    /// <param name="answer">What we say beside that.</param>
    /// <param name="isAnother">Whether it is not the one who has that key.</param>
    public SessionDescription Answer(SessionDescription offer, SessionDescription answer, bool isAnother = false)
    {
        answer = AnswerBeside(offer, answer, isAnother || IsOld ? null : Keys?.Ours);
        if (answer.Audio is { } audio) (_profile, _lines) = (audio.Protocol, audio.Crypto);
        return answer;
    }

    /// <summary>Our answer to one of several, while another one is heard: under a key of its own.</summary>
    public SessionDescription AnswerBeside(SessionDescription offer, SessionDescription answer, SrtpKey? current = null) =>
        CryptoNegotiation.Answer(offer, answer, current, core.KeyEntropy);

    /// <summary>Takes what follows from what both have said; false when it does not fit together, and then nothing changes.</summary>
    public bool TryAgree(SessionDescription? ours, SessionDescription? theirs)
    {
        if (!CryptoNegotiation.TryAgree(ours?.Audio, theirs?.Audio, out var keys)) return false;
        // A stream that is switched off keeps its keys, for it may come back.
        if (ours?.Audio is null || theirs?.Audio is null) return true;
        if (keys?.Ours is not { } own || !own.Equals(Keys?.Ours)) IsOld = false;
        Keys = keys;
        return true;
    }

    private SrtpPolicy PolicyOf(string? peer) => peer is not null && core.Peers.TryGetValue(peer, out var model) ? model.Srtp : SrtpPolicy.Off;
}
