using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>dnsmasq, a real name server, with the zone <c>pbx.test</c> that its arguments write.</summary>
internal sealed class Dnsmasq : IAsyncDisposable
{
    private const int Port = 5353;
    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;

    private Dnsmasq(ExternalProgram program, TemporaryFolder folder, NetAddress address) => (_program, _folder, Address) = (program, folder, address);

    public NetAddress Address { get; }

    public static void Require() => ExternalProgram.Require("dnsmasq", "dnsmasq-base");

    /// <summary>Starts it with records in dnsmasq's own words: <c>srv-host=…</c>, <c>naptr-record=…</c>, <c>host-record=…</c>.</summary>
    public static async Task<Dnsmasq> Start(params IEnumerable<string> records)
    {
        var host = LoopbackHost.Claim();
        var folder = new TemporaryFolder();
        var program = ExternalProgram.Start("dnsmasq", folder.Path,
        [
            "-k", "--conf-file=/dev/null", "--local=/test/", "--no-hosts", "--no-resolv", "--pid-file=", "--log-facility=-", "--bind-interfaces", "--local-ttl=60",
            $"--listen-address={host}", $"--port={Port}", .. records.Select(record => "--" + record),
        ]);
        var dns = new Dnsmasq(program, folder, host.At(Port));
        try
        {
            await program.Line("dnsmasq[", Bench.Patience);
            return dns;
        }
        catch
        {
            await dns.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _folder.Dispose();
    }
}
