using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>Our call agent against a media gateway that somebody else wrote: connections made, changed and deleted, with audio through them.</summary>
public sealed partial class OsmoMgwTests
{
    [Fact]
    public async Task Two_connections_on_an_endpoint_of_its_choice_pass_audio_and_are_gone_after_DLCX()
    {
        OsmoMgw.Require();
        Capture.Require();
        await using var mgw = await OsmoMgw.Start();
        var host = LoopbackHost.Claim();
        await using var capture = await Capture.Start(host);
        var pump = NodePump.Bind(host, 0);
        var agent = new MgcpCallAgent(new MgcpSettings { NotifiedEntity = $"ca@[{host}]:{pump.Addresses[0].Port}" }, new Entropy(1));
        var node = new CallAgentNode(agent, pump.Addresses[0]);
        pump.Start(node);
        await using var stopping = pump;
        using var left = new UdpClient(new IPEndPoint(host.Address, 0));
        using var right = new UdpClient(new IPEndPoint(host.Address, 0));
        await pump.Do(now => agent.SetGateway(new MgcpGatewayModel("mgw", OsmoMgw.Domain, mgw.Address, MgcpProfile.Rfc3435, []), now));
        await Sees<MgcpEvent.GatewayChanged>(e => e.State == GatewayState.Up);

        // The gateway chooses an endpoint; the other connection of the call goes to the same.
        var (endpoint, one, oneRtp) = await Creates(new EndpointId("mgw", "rtpbridge/*"));
        Assert.Matches(@"^rtpbridge/\d+$", endpoint.LocalName);
        var (same, two, twoRtp) = await Creates(endpoint);
        Assert.Equal(endpoint, same);
        Assert.NotEqual(one, two);

        await Modifies(one, left);
        await Modifies(two, right);
        await Hears(from: left, to: right, through: oneRtp, payload: 0x11);
        await Hears(from: right, to: left, through: twoRtp, payload: 0x22);

        foreach (var connection in (string[])[one, two])
        {
            var command = default(CommandId);
            await pump.Do(now => command = agent.DeleteConnection(endpoint, "1a", connection, null, now));
            var deleted = await Sees<MgcpEvent.ConnectionDeleted>(e => e.Command == command);
            Assert.Matches("PS=\\d+", deleted.Parameters); // RFC 3435 §2.3.7: the statistics of the connection
        }

        await pump.Until("nothing is under way", () => agent.StatusOf("mgw") is { State: GatewayState.Up, PendingTransactions: 0 }, Bench.Patience, () => $"{agent.StatusOf("mgw")}");
        await pump.Do(_ =>
        {
            Assert.DoesNotContain(node.Events, e => e is MgcpEvent.CommandFailed or MgcpEvent.RequestFailed);
            // A command that was repeated is answered twice; whoever answers the second time answers nothing that is still asked.
            Assert.DoesNotContain(node.Notes, n => n is MgcpNote.ParseFailed or MgcpNote.Dropped { Reason: not MgcpDropReason.UnknownTransaction });
        });

        var decoded = await capture.IsClean([mgw.Address, pump.Addresses[0]], []);
        Assert.True(decoded is { Mgcp: >= 12, Rtp: >= 4 }, decoded.ToString());

        async Task<(EndpointId Endpoint, string Connection, IPEndPoint Rtp)> Creates(EndpointId at)
        {
            var command = default(CommandId);
            await pump.Do(now => command = agent.CreateConnection(at,
                new ConnectionRequest("1a", ConnectionMode.RecvOnly, "p:20, a:PCMU, e:on"), now));
            var created = await Sees<MgcpEvent.ConnectionCreated>(e => e.Command == command);
            var sdp = Encoding.ASCII.GetString(created.LocalDescription.Span);
            return (created.Endpoint, created.Connection, new IPEndPoint(mgw.Address.ToIPAddress(), int.Parse(AudioPort().Match(sdp).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)));
        }

        async Task Modifies(string connection, UdpClient phone)
        {
            var address = (IPEndPoint)phone.Client.LocalEndPoint!;
            var sdp = $"v=0\r\no=- 1 1 IN IP4 {address.Address}\r\ns=-\r\nc=IN IP4 {address.Address}\r\nt=0 0\r\nm=audio {address.Port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
            var command = default(CommandId);
            await pump.Do(now => command = agent.ModifyConnection(endpoint, connection,
                new ConnectionRequest("1a", ConnectionMode.SendRecv, RemoteDescription: Encoding.ASCII.GetBytes(sdp)), now));
            await Sees<MgcpEvent.ConnectionModified>(e => e.Command == command);
        }

        async Task<T> Sees<T>(Func<T, bool>? which = null)
            where T : MgcpEvent
        {
            T? found = null;
            await pump.Until(typeof(T).Name, () => (found = node.Events.OfType<T>().FirstOrDefault(e => which?.Invoke(e) ?? true)) is not null, Bench.Patience, () => string.Join("; ", node.Events));
            return found!;
        }
    }

    private static async Task Hears(UdpClient from, UdpClient to, IPEndPoint through, byte payload)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Bench.Patience);
        for (ushort sequence = 1; sequence <= 3; sequence++)
        {
            // RFC 3550 §5.1: version 2, payload type 0, 20 ms of one sample value.
            byte[] packet = [0x80, 0, (byte)(sequence >> 8), (byte)sequence, 0, 0, 0, (byte)(sequence * 160), 0, 0, 0, payload, .. Enumerable.Repeat(payload, 160)];
            await from.SendAsync(packet, through, patience.Token);
            var heard = await to.ReceiveAsync(patience.Token);
            Assert.Equal(packet[12..], heard.Buffer[12..]);
        }
    }

    [GeneratedRegex(@"m=audio (\d+) ")]
    private static partial Regex AudioPort();
}
