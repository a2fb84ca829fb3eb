using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// A residential gateway with a phone on each endpoint, by the letter of RFC 3435 and RFC 3660. It obeys its call agent, and writes down
/// where the call agent breaks the rules.
/// </summary>
public sealed partial class SimulatedGateway : ISimulatedNode
{
    private readonly Queue<Transmit> _outbox = new();
    private readonly List<string> _violations = [];
    private readonly List<GatewayEndpoint> _endpoints;
    private readonly Entropy _entropy;
    private readonly Queue<NetAddress> _freeMedia;
    private readonly List<MediaEnd> _media = [];
    private bool _powered;

    /// <summary>A gateway that is switched off; see <see cref="PowerOn"/>.</summary>
    public SimulatedGateway(GatewaySetup setup, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(setup);
        ArgumentNullException.ThrowIfNull(entropy);
        Setup = setup;
        _entropy = entropy.Fork();
        _endpoints = [.. setup.Endpoints.Select(name => new GatewayEndpoint(this, name))];
        _freeMedia = new Queue<NetAddress>(setup.Media);
        // Not from 1: transaction ids of a gateway start anywhere (RFC 3435 §3.2.1.2).
        _nextTransaction = 1 + _entropy.Next(100_000);
        Addresses = [setup.Address, .. setup.Media];
    }

    /// <summary>How it was installed.</summary>
    public GatewaySetup Setup { get; private set; }

    /// <inheritdoc/>
    public string Name => Setup.Domain;

    /// <inheritdoc/>
    public ImmutableArray<NetAddress> Addresses { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Violations => _violations;

    /// <inheritdoc/>
    public Instant? NextDeadline
    {
        get
        {
            var next = Agenda.NextDeadline;
            foreach (var media in _media) next = Instant.Earliest(next, media.NextDeadline);
            return next;
        }
    }

    /// <summary>Connections on all endpoints.</summary>
    public int ConnectionCount => _endpoints.Sum(endpoint => endpoint.Connections.Count);

    /// <summary>CRCX commands executed, and connections deleted since power-on (by DLCX, or by the gateway itself).</summary>
    public (int Created, int Deleted) ConnectionsSeen { get; private set; }

    /// <summary>Commands executed, repeats not counted.</summary>
    public int CommandsExecuted { get; private set; }

    /// <summary>Whether it has more to do than it can: every command is refused with 409 (RFC 3435 §4.4.8).</summary>
    public bool IsOverloaded { get; set; }

    /// <summary>Commands refused with 409.</summary>
    public int CommandsRefused { get; private set; }

    /// <summary>All phones, in the order of <see cref="GatewaySetup.Endpoints"/>.</summary>
    public IEnumerable<SimulatedPhone> Phones => _endpoints.Select(endpoint => endpoint.Phone);

    internal GatewayQuirks Quirks => Setup.Quirks;

    internal Agenda Agenda { get; } = new();

    internal string DigitPackage => Quirks.Packages.Contains("D") ? "D" : "L";

    /// <summary>Somebody gives the gateway another name, without switching it off: from now on it writes and obeys that one.</summary>
    public void Rename(string domain) => Setup = Setup with { Domain = domain };

    /// <summary>The phone on an endpoint.</summary>
    public SimulatedPhone Phone(string endpoint) => Find(endpoint)!.Phone;

    /// <inheritdoc/>
    public void Receive(ReadOnlyMemory<byte> datagram, NetAddress local, NetAddress from, Instant now)
    {
        if (!_powered) return;
        if (local != Setup.Address)
        {
            foreach (var media in _media)
                if (media.Local == local) media.Receive(datagram.Span, from, now);
            return;
        }

        ReceiveSignalling(datagram.Span, from, now);
    }

    /// <inheritdoc/>
    public void FireDue(Instant now)
    {
        Agenda.FireDue(now);
        foreach (var media in _media) media.FireDue(now);
    }

    /// <inheritdoc/>
    public bool TryTake(out Transmit transmit)
    {
        if (_outbox.TryDequeue(out transmit)) return true;
        foreach (var media in _media)
            if (media.TryTake(out transmit)) return true;
        return false;
    }

    internal void Complain(string text) => _violations.Add(string.Create(CultureInfo.InvariantCulture, $"{Setup.Domain}: {text}"));

    private GatewayEndpoint? Find(string name) =>
        _endpoints.Find(endpoint => endpoint.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private List<GatewayEndpoint> FindAll(string name)
    {
        // RFC 3435 §2.1.2: a wildcard stands for whole terms, from the right only.
        if (name == "*") return [.. _endpoints];
        if (name.EndsWith("/*", StringComparison.Ordinal))
            return [.. _endpoints.Where(endpoint => endpoint.Name.StartsWith(name[..^1], StringComparison.OrdinalIgnoreCase))];
        return Find(name) is { } found ? [found] : [];
    }

    private string EndpointText(string name) => Quirks.UpperCaseEndpoint ? name.ToUpperInvariant() : name;

    private string Write(string firstLine, IEnumerable<(string Name, string Value)> parameters, string description = "")
    {
        var text = new StringBuilder(firstLine).Append(Quirks.LineEnd);
        foreach (var (name, value) in parameters)
            text.Append(Quirks.LowerCase ? name.ToLowerInvariant() : name).Append(": ").Append(value).Append(Quirks.LineEnd);
        if (description.Length > 0) text.Append(Quirks.LineEnd).Append(description.Replace("\r\n", Quirks.LineEnd, StringComparison.Ordinal));
        return text.ToString();
    }

    private void Send(NetAddress to, params ReadOnlySpan<string> messages)
    {
        var text = string.Join("." + Quirks.LineEnd, messages!);
        _outbox.Enqueue(new Transmit(Setup.Address, to, Encoding.UTF8.GetBytes(text)));
    }
}
