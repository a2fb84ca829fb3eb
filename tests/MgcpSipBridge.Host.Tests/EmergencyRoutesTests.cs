using MgcpSipBridge.Host.Observability;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What <c>check</c>, the log and the doctor say of emergency numbers.</summary>
public sealed class EmergencyRoutesTests : IDisposable
{
    private readonly Loading _loading = new();

    public void Dispose() => _loading.Dispose();

    [Fact]
    public void What_keeps_emergency_calls_from_whoever_answers_them_is_named()
    {
        const string Peer = """
            peers: [{ name: pbx, uri: "sip:10.0.0.8" }]

            """;
        const string Line = """
            gateways: [{ name: g, domain: g, lines: [{ endpoint: aaln/1, number: "110", peer: pbx }, { endpoint: aaln/2, number: "1100", peer: pbx }] }]

            """;
        Assert.Empty(EmergencyRoutes.Warnings(_loading.Load(null, Peer).Lines!));
        Assert.Equal(
            ["no route covers 000, 110, 113, 118, 119, 911, 999: such a call goes to the line's own peer as dialled"],
            EmergencyRoutes.Warnings(_loading.Load(null, Peer + """routes: [{ name: help, prefix: "112", peer: pbx }]""").Lines!));
        Assert.Empty(EmergencyRoutes.Warnings(_loading.Load(null, Peer + """routes: [{ name: all, prefix: "", peer: pbx }]""").Lines!));
        Assert.Equal(
            ["line 110 (g/aaln/1): the number is an emergency number (Dial:EmergencyNumbers), so whoever dials it calls for help, and not that line"],
            EmergencyRoutes.Warnings(_loading.Load(null, Peer + Line).Lines!));

        // Those that the site has, and no others.
        const string Own = """{ "Dial": { "EmergencyNumbers": ["112", "144"] } }""";
        Assert.Equal(
            ["no route covers 144: such a call goes to the line's own peer as dialled"],
            EmergencyRoutes.Warnings(_loading.Load(Own, Peer + Line + """routes: [{ name: help, prefix: "112", peer: pbx }]""").Lines!));
        Assert.Equal(
            ["Dial:EmergencyNumbers is empty: no call is taken for an emergency call, whatever is dialled"],
            EmergencyRoutes.Warnings(_loading.Load("""{ "Dial": { "EmergencyNumbers": [] } }""", Peer + Line + """routes: [{ name: help, prefix: "112", peer: pbx }]""").Lines!));
    }
}
