using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Media;

/// <summary>A session description (RFC 8866, RFC 2327 tolerated), reduced to what a bridge needs.</summary>
public sealed record SessionDescription
{
    /// <summary>o= user name; "-" for none.</summary>
    public string OriginUser { get; init; } = "-";

    /// <summary>o= session id.</summary>
    public ulong SessionId { get; init; }

    /// <summary>o= version; rises by one exactly when the description changes (RFC 3264 §8).</summary>
    public ulong SessionVersion { get; init; }

    /// <summary>o= address.</summary>
    public NetAddress OriginAddress { get; init; }

    /// <summary>The m= sections in order; none is ever dropped (RFC 3264 §8).</summary>
    public ImmutableArray<MediaDescription> Media { get; init; } = [];

    /// <summary>Which audio is ours to take: nothing that is read says so, it is whoever reads it who does.</summary>
    public SrtpPolicy Srtp { get; init; }

    /// <summary>
    /// The first audio section that is not refused and that <see cref="Srtp"/> allows: one that can be encrypted before one that is plain. Null when there is none.
    /// </summary>
    public MediaDescription? Audio
    {
        get
        {
            if (Srtp != SrtpPolicy.Off)
                foreach (var media in Media)
                    if (media.IsSecureAudio)
                        return media;
            if (Srtp != SrtpPolicy.Required)
                foreach (var media in Media)
                    if (media.IsPlainAudio)
                        return media;
            return null;
        }
    }

    /// <summary>The first T.38 section that is not refused; null when there is none.</summary>
    public MediaDescription? Fax
    {
        get
        {
            foreach (var media in Media)
                if (media.IsFax)
                    return media;
            return null;
        }
    }

    /// <summary>
    /// Reads a description; never throws, tolerates missing o=, s= and t= lines (Cisco "sdp simple"), any line end, blanks at line ends and
    /// a NUL after the text. Reading ends before a second v=: an MGCP response may carry two descriptions (RFC 3435 §3.2.2.3).
    /// Time is linear in the length; what the bridge has no use for is skipped.
    /// </summary>
    public static SdpParseError TryParse(ReadOnlySpan<byte> text, out SessionDescription? description) => SdpReader.TryParse(text, out description);

    /// <summary>
    /// Writes the description with CRLF line ends. c= stands at session level, where every gateway looks for it, and again in the
    /// sections that differ; sendrecv, the default, is not written.
    /// </summary>
    public byte[] ToBytes() => SdpWriter.Write(this);

    /// <summary>Whether both describe the same, sections compared one by one.</summary>
    public bool Equals(SessionDescription? other) =>
        other is not null
        && OriginUser == other.OriginUser
        && SessionId == other.SessionId
        && SessionVersion == other.SessionVersion
        && OriginAddress == other.OriginAddress
        && Media.AsSpan().SequenceEqual(other.Media.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(SessionId, SessionVersion, OriginAddress, Media.AsSpan().Length);
}

/// <summary>Why a description could not be read.</summary>
public enum SdpParseError
{
    /// <summary>It could be read.</summary>
    None,

    /// <summary>Nothing is there.</summary>
    Empty,

    /// <summary>A line that is not <c>x=value</c>.</summary>
    BadLine,

    /// <summary>v= is not 0.</summary>
    UnsupportedVersion,

    /// <summary>An m= line that does not follow the grammar.</summary>
    BadMedia,

    /// <summary>A c= line that does not follow the grammar.</summary>
    BadConnection,

    /// <summary>More sections, formats or lines than are taken.</summary>
    TooLarge,
}
