using System.Collections.Immutable;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>Unknown gateways that sent RSIP: listed in bounded memory, unanswered, until one is adopted.</summary>
internal sealed class DiscoveryList(AgentServices services, GatewayDirectory directory)
{
    private const int MaxVersionChars = 64;
    private readonly Dictionary<(string Domain, UInt128 Host), DiscoveredGateway> _listed = [];
    private const int MaxCautiousSurveys = 64;
    private readonly Dictionary<(string Domain, UInt128 Host), GatewaySurvey> _surveys = [];
    private readonly HashSet<(string Domain, UInt128 Host)> _proposed = [];

    /// <summary>The list, those heard last first.</summary>
    public ImmutableArray<DiscoveredGateway> All => [.. _listed.Values.OrderByDescending(static g => g.LastHeard).ThenBy(static g => g.Domain, StringComparer.Ordinal)];

    /// <summary>
    /// An unknown gateway spoke. Lists it if it restarts under a domain that no configured gateway has; one that is being asked what it has is answered, for some
    /// gateways do nothing until their RSIP is (405).
    /// </summary>
    public void Heard(in MgcpCommand command, MgcpParseError error, NetAddress from, Instant now)
    {
        if (command.Verb != MgcpVerb.Rsip || error != MgcpParseError.None || command.TransactionId is not { } id) return;
        if (directory.IsDomainTaken(command.Endpoint.Domain)) return;
        var domain = Encoding.ASCII.GetString(command.Endpoint.Domain);
        var key = Key(domain, from);
        if (_surveys.ContainsKey(key))
        {
            services.Outbox.Send(from, services.Writer.Clear().Response(MgcpResponseCodes.Ok, id, "OK").ToArray(), null, repeat: false);
            return;
        }

        var version = Encoding.ASCII.GetString(command.Version[..Math.Min(command.Version.Length, MaxVersionChars)]);
        if (_listed.TryGetValue(key, out var known))
        {
            _listed[key] = known with { Address = from, Domain = domain, Version = version, LastHeard = now, Messages = known.Messages + 1 };
            if (services.Admission.AcceptUnknownGateways) AdoptUnasked(key, now);
            return;
        }

        if (_listed.Count >= services.Admission.MaxDiscovered) Drop(Oldest());
        var found = new DiscoveredGateway(domain, from, version, now, now, 1);
        _listed[key] = found;
        services.Outbox.Note(new MgcpNote.Discovered(from));
        services.Outbox.Happened(new MgcpEvent.GatewayDiscovered(found));
        if (services.Admission.AcceptUnknownGateways) AdoptUnasked(key, now);
    }

    /// <summary>Asks a listed gateway what it has; false when none with this domain, or at this address if one is given, is listed.</summary>
    public bool Adopt(string domain, NetAddress? address, Instant now)
    {
        foreach (var (key, listed) in _listed)
        {
            if (!key.Domain.Equals(domain, StringComparison.OrdinalIgnoreCase) || (address is { } where && where != listed.Address)) continue;
            Survey(key, cautious: false, now);
            return true;
        }

        return false;
    }

    /// <summary>A gateway was configured: it is no longer unknown.</summary>
    public void Forget(string domain)
    {
        foreach (var key in _listed.Keys.Where(key => key.Domain.Equals(domain, StringComparison.OrdinalIgnoreCase)).ToArray()) Drop(key);
    }

    private static (string, UInt128) Key(string domain, NetAddress from) => (domain.ToLowerInvariant(), from.Address);

    private (string, UInt128) Oldest()
    {
        var oldest = default((string, UInt128));
        var heard = Instant.Never;
        foreach (var (key, listed) in _listed)
        {
            if (listed.LastHeard >= heard) continue;
            (oldest, heard) = (key, listed.LastHeard);
        }

        return oldest;
    }

    private void Drop((string, UInt128) key)
    {
        _listed.Remove(key);
        _proposed.Remove(key);
    }

    private void AdoptUnasked((string, UInt128) key, Instant now)
    {
        if (_surveys.Count < MaxCautiousSurveys && !_proposed.Contains(key)) Survey(key, cautious: true, now);
    }

    private void Survey((string, UInt128) key, bool cautious, Instant now)
    {
        if (_surveys.ContainsKey(key)) return;
        var survey = new GatewaySurvey(_listed[key], services, cautious, answered =>
        {
            _surveys.Remove(key);
            if (answered && _listed.ContainsKey(key)) _proposed.Add(key);
        });
        _surveys.Add(key, survey);
        survey.Begin(now);
    }
}
