using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace MgcpSipBridge.Benchmarks.Relay;

/// <summary>
/// Where ends and relays stand: all on the loopback interface, or the gateways, the relay and the peers each in a network namespace of their own,
/// joined by virtual Ethernet, as machines in a network are.
/// </summary>
internal sealed class RelayStage : IDisposable
{
    private readonly string[] _spaces;

    private RelayStage(string[] spaces) => _spaces = spaces;

    /// <summary>Whether there are namespaces.</summary>
    public bool IsNetwork => _spaces.Length > 0;

    /// <summary>Where the gateways and the peers are, as a relay reaches them.</summary>
    public (IPAddress Gateway, IPAddress Sip) Ends => IsNetwork ? (Address(1, 2), Address(2, 2)) : (IPAddress.Loopback, IPAddress.Loopback);

    /// <summary>Where a relay is bound, if that is not its own choice.</summary>
    public (IPAddress Gateway, IPAddress Sip)? Relay => IsNetwork ? (Address(1, 1), Address(2, 1)) : null;

    /// <summary>Where one end reaches the other without a relay: what the gateways send to, and the peers.</summary>
    public (IPAddress Gateway, IPAddress Sip) Direct => IsNetwork ? (Address(3, 2), Address(3, 1)) : (IPAddress.Loopback, IPAddress.Loopback);

    /// <summary>The loopback interface.</summary>
    public static RelayStage Loopback() => new([]);

    /// <summary>Namespaces of this process's own; needs root and iproute2.</summary>
    public static RelayStage Network()
    {
        var id = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var stage = new RelayStage([$"gw{id}", $"br{id}", $"pbx{id}"]);
        try
        {
            foreach (var space in stage._spaces)
            {
                Ip($"netns add {space}");
                Ip($"-n {space} link set lo up");
            }

            stage.Join(1, 1, 0);
            stage.Join(2, 1, 2);
            stage.Join(3, 0, 2);
            return stage;
        }
        catch
        {
            stage.Dispose();
            throw;
        }
    }

    /// <summary>What is put before the command of a relay.</summary>
    public string RelayPrefix => IsNetwork ? $"ip netns exec {_spaces[1]} " : "";

    /// <summary>The arguments of the ends.</summary>
    public string[] EndsArguments => IsNetwork ? [$"/var/run/netns/{_spaces[0]}", $"/var/run/netns/{_spaces[2]}"] : [];

    /// <summary>Takes the namespaces away.</summary>
    public void Dispose()
    {
        foreach (var space in _spaces) TryIp($"netns del {space}");
    }

    private static IPAddress Address(byte net, byte host) => new([10, 201, net, host]);

    // The first of the two has .1, the second .2.
    private void Join(byte net, int first, int second)
    {
        var (a, b) = (_spaces[first], _spaces[second]);
        Ip($"link add v{net}a netns {a} type veth peer name v{net}b netns {b}");
        foreach (var (space, name, host) in ((string, string, byte)[])[(a, $"v{net}a", 1), (b, $"v{net}b", 2)])
        {
            Ip($"-n {space} address add {Address(net, host)}/24 dev {name}");
            Ip($"-n {space} link set {name} up");
        }
    }

    private static void Ip(string arguments)
    {
        if (!TryIp(arguments)) throw new InvalidOperationException($"ip {arguments} failed: namespaces need root and iproute2");
    }

    private static bool TryIp(string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
