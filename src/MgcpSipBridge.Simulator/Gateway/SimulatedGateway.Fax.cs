using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

// Fax by the letter of RFC 5347: procedures, image/t38 in place of the audio, and the events of package FXR.
public sealed partial class SimulatedGateway
{
    private const string Image = "image/t38";

    private bool HasFax => Quirks.Packages.Contains("FXR");

    private bool SpeaksT38 => !Quirks.RefusesFax && (HasFax || Quirks.Codecs.Contains(Image));

    /// <summary>The audio codecs among what it speaks.</summary>
    private IEnumerable<string> Voices => Quirks.Codecs.Where(codec => codec != Image);

    /// <summary>
    /// The procedure that a command leads to (§2.1.4): the first of those asked for that can be, by this command's RemoteConnectionDescriptor alone (rule 5). Null: none of those
    /// asked for can be, and the command fails with 532 (rule 1).
    /// </summary>
    private static string? ProcedureAfter(string? options, string current, PlainSdp? remote)
    {
        var asked = Field(options, "fxr/fx:")?.Split(';', StringSplitOptions.TrimEntries);
        foreach (var one in asked ?? [current.Length == 0 ? "gw" : current])
        {
            switch (one.ToLowerInvariant())
            {
                case "t38-loose" or "gw" or "off":
                    return one.ToLowerInvariant();
                case "t38" when remote is null || remote.CanFax:
                    return "t38";
            }
        }

        // §2.1: asked for in this very command it must be; what was asked for before may lapse.
        return asked is null ? "" : null;
    }

    private static string? Field(string? options, string name)
    {
        foreach (var field in PlainMgcp.SplitList(options ?? ""))
            if (field.StartsWith(name, StringComparison.OrdinalIgnoreCase)) return field[name.Length..];
        return null;
    }

    /// <summary>
    /// Whether a command turns the stream to T.38, or leaves it there: by L: (§2.1.1), or without an encoding in L: by a RemoteConnectionDescriptor that wants it. Null: the two do not
    /// agree.
    /// </summary>
    private bool? BecomesFax(string? options, GatewayConnection? connection, PlainSdp? given)
    {
        var encodings = Field(options, "a:")?.Split(';', StringSplitOptions.TrimEntries);
        if (encodings is null) return given is null ? connection?.IsFax ?? false : given.IsFax && SpeaksT38 ? true : given.IsFax ? null : connection is { IsFax: true, OnlyFax: true } ? null : false;
        var image = encodings.Contains(Image, StringComparer.OrdinalIgnoreCase);
        if (image && !SpeaksT38) return null;
        return given is null || given.IsFax == image ? image : null;
    }

    /// <summary>The machine on the phone has heard the V.21 preamble (§2.1.5): once per fax call.</summary>
    internal void FaxDetected(GatewayEndpoint endpoint, Instant now)
    {
        if (!HasFax)
        {
            endpoint.Occur(new Happening(Quirks.Packages.Contains("G") ? "G" : "L", "ft"), now);
            return;
        }

        if (endpoint.Connections.Find(one => one.Procedure is "t38" or "t38-loose") is not { } connection)
        {
            endpoint.Occur(new Happening("FXR", "nopfax", "start"), now);
            return;
        }

        if (connection.FaxStarted) return;
        // §2.1.1: muted until it is told to speak T.38, unless it does.
        connection.FaxStarted = true;
        UpdateMedia(endpoint, connection, now);
        endpoint.Occur(new Happening("FXR", "t38", "start"), now);
    }

    /// <summary>The fax is over, or has failed. Media stay as they are (§2.2.3).</summary>
    internal void FaxEnds(GatewayEndpoint endpoint, bool failed, Instant now)
    {
        foreach (var connection in endpoint.Connections.Where(one => one.FaxStarted)) EndFax(endpoint, connection, failed ? "failure" : "stop", now);
    }

    /// <summary>Describes a connection anew: audio as it was described before (§2.1.1), or T.38 on the same port (§2.5.1).</summary>
    private void Describe(GatewayConnection connection)
    {
        connection.Version++;
        connection.Description = connection.IsFax
            ? PlainSdp.WriteFax(connection.Local, connection.SessionId, connection.Version)
            : PlainSdp.Write(connection.Local, connection.Described, "sendrecv", connection.SessionId, connection.Version, Quirks.SimpleDescription);
        // §2.1.1: whoever is told to use T.38 says that it can (RFC 3407).
        if (connection.Procedure is "t38" or "t38-loose") connection.Description += "a=sqn: 0\r\na=cdsc: 1 audio RTP/AVP 0 18\r\na=cdsc: 3 image udptl t38\r\n";
    }

    private void UpdateMedia(GatewayEndpoint endpoint, GatewayConnection connection, Instant now)
    {
        if (!Setup.Audio) return;
        if (connection.Media is null)
        {
            connection.Media = new MediaEnd(connection.Local, _entropy) { Voice = () => endpoint.OffHook ? endpoint.Phone.Voice : 0, Heard = endpoint.Phone.Heard, KeyHeard = endpoint.Phone.KeyHeard, ToneHeard = endpoint.Phone.ToneHeard };
            _media.Add(connection.Media);
        }

        if (connection.IsFax)
        {
            // Rule 5 of §2.1.4: T.38 is sent to nobody who has not asked for it.
            connection.Media.SetFax(connection.Remote is { IsFax: true } ? connection.Remote.Address : null, now);
            return;
        }

        var muted = connection.FaxStarted;
        connection.Media.Set(
            connection.Remote is { IsFax: false } remote ? remote.Address : null, connection.Codecs[0], connection.Sends && !muted, connection.Hears && !muted, now,
            Setup.TelephoneEvents ? connection.Remote?.EventType ?? -1 : -1, [.. Voices]);
    }

    private void EndFax(GatewayEndpoint endpoint, GatewayConnection connection, string how, Instant now)
    {
        connection.FaxStarted = false;
        UpdateMedia(endpoint, connection, now);
        endpoint.Occur(new Happening("FXR", "t38", how), now);
    }
}
