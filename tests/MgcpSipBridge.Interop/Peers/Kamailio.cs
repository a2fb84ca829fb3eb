using System.Diagnostics;
using System.Net;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Interop;

/// <summary>Kamailio as registrar and record-routing proxy that challenges REGISTER and INVITE (Kamailio/kamailio.cfg).</summary>
internal sealed class Kamailio : IAsyncDisposable
{
    public const string Realm = "pbx.test";
    private readonly ExternalProgram _program;
    private readonly TemporaryFolder _folder;

    private Kamailio(ExternalProgram program, TemporaryFolder folder, NetAddress address) => (_program, _folder, Address) = (program, folder, address);

    public NetAddress Address { get; }

    /// <summary>Where it speaks TLS, if it does.</summary>
    public NetAddress Tls => Address with { Port = 5061 };

    public string Said => _program.Said;

    /// <summary>The password of an account, as the configuration has it.</summary>
    public static string PasswordOf(string number) => $"secret-of-{number}";

    public static void Require() => ExternalProgram.Require("kamailio", "kamailio");

    /// <summary>Starts it.</summary>
    /// <param name="algorithm">Of its challenges: MD5 or SHA-256.</param>
    /// <param name="host">Where it listens; null for an address of its own.</param>
    /// <param name="authority">Signs its certificate; null where it speaks no TLS.</param>
    /// <param name="gateway">Where numbers that begin with 2 are sent; nobody is challenged for them.</param>
    public static async Task<Kamailio> Start(string algorithm = "MD5", LoopbackHost? host = null, Authority? authority = null, NetAddress gateway = default)
    {
        host ??= LoopbackHost.Claim();
        var address = host.At(5060);
        string[] tls = [];
        if (authority is not null)
        {
            var (certificate, key, _) = authority.Issue(host);
            tls = ["-A", "TLS", $"--substdef=!CERTIFICATE!{certificate}!g", $"--substdef=!KEY!{key}!g", $"--substdef=!TRUST!{authority.Root}!g", "-l", $"tls:{host.At(5061)}"];
        }

        var folder = new TemporaryFolder();
        var program = ExternalProgram.Start("kamailio", folder.Path,
        [
            "-f", Path.Combine(AppContext.BaseDirectory, "Kamailio", "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "4",
            "-Y", folder.Path, "-P", folder.File("pid"), "-w", folder.Path,
            $"--substdef=!REALM!{Realm}!g", $"--substdef=!ALGORITHM!{algorithm}!g", $"--substdef=!GATEWAY!{gateway}!g", .. tls, "-l", $"udp:{address}", "-l", $"tcp:{address}",
        ]);
        var kamailio = new Kamailio(program, folder, address);
        try
        {
            await kamailio.Answer();
            return kamailio;
        }
        catch
        {
            await kamailio.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>How many contacts are registered for both accounts.</summary>
    public async Task<int> Contacts()
    {
        var header = (await Answer()).Split("\r\n").Single(l => l.StartsWith("X-Contacts: ", StringComparison.Ordinal));
        return int.Parse(header["X-Contacts: ".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until so many contacts are registered.</summary>
    public async Task Has(int contacts)
    {
        var watch = Stopwatch.StartNew();
        while (await Contacts() is var now && now != contacts)
        {
            Assert.True(watch.Elapsed < Bench.Patience, $"{now} contacts are registered, not {contacts}:\n{Said}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks one whether it is there.</summary>
    public static Func<EndPoint, int, string> Question(NetAddress address) => (local, _) =>
    {
        var id = Guid.NewGuid().ToString("N");
        return $"OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{id};rport\r\n"
            + $"From: <sip:probe@{address}>;tag={id}\r\nTo: <sip:{address}>\r\nCall-ID: {id}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n";
    };

    private Task<string> Answer() => UdpProbe.Ask(_program, "kamailio", Address, Question(Address));
}
