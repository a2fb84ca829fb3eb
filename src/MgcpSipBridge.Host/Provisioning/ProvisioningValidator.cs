using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>Turns what was provisioned into an <see cref="EngineModel"/>; every step runs, so that every problem is found.</summary>
internal static partial class ProvisioningValidator
{
    // What every line and route has is looked at a hundred thousand times.
    private static readonly SearchValues<char> DestinationSymbols = SearchValues.Create("0123456789*#ABCD");
    private static readonly SearchValues<char> NameSymbols = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    private static readonly SearchValues<char> NumberSymbols = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+*#._-");
    private static readonly SearchValues<char> EndpointSymbols = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.+#=:-");

    /// <summary>The model; null when there was any problem, in this or in earlier steps.</summary>
    /// <param name="config">What was provisioned.</param>
    /// <param name="listeners">Where SIP is heard; a peer that cannot be reached from there is a problem. Empty: not known.</param>
    /// <param name="problems">Where problems go.</param>
    /// <param name="gateways">Where gateways are heard; one that cannot be reached from there is a problem. Empty: not known.</param>
    /// <param name="ready">Expressions that were made ready before.</param>
    /// <param name="emergencies">Numbers of whoever sends help; null for the usual ones.</param>
    public static EngineModel? Validate(
        ProvisioningConfig config, ImmutableArray<SipListen> listeners, ConfigProblems problems, ImmutableArray<MgcpListen> gateways = default, RouteExpressions? ready = null, FrozenSet<string>? emergencies = null)
    {
        var run = new Run(config, listeners, gateways.IsDefault ? [] : gateways, problems);
        var expressions = new RouteExpressions(ready);
        var model = new EngineModel
        {
            Peers = [.. config.Peers.Select(run.Peer)],
            Gateways = [.. config.Gateways.Select(run.Gateway)],
            Lines = [.. config.Gateways.SelectMany(g => g.Lines.Select(l => run.Line(g, l)))],
            Routes = new RouteRules(config, expressions, problems).All(),
            EmergencyNumbers = emergencies ?? RouteTable.UsualEmergencies,
        };
        // Made here, where no call waits for it.
        return problems.None ? model with { Table = new RouteTable(model.Routes, expressions, model.EmergencyNumbers) } : null;
    }

    /// <summary>Whether a text is a number that can be called: 0-9, *, #, A-D, with or without a leading +.</summary>
    public static bool IsDestination(string text) => IsMadeOf(text.AsSpan(text.StartsWith('+') ? 1 : 0), 64, DestinationSymbols);

    /// <summary>Whether a text can be a number or a user: digits, letters and + * # . _ -, at most 64.</summary>
    public static bool IsNumber(string text) => IsMadeOf(text, 64, NumberSymbols);

    /// <summary>Whether a text can be a number or a user of any peer: visible ASCII, at most 128.</summary>
    public static bool IsUser(string text) => text.Length is > 0 and <= 128 && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>What is wrong with the name of a resource; null when it is one.</summary>
    internal static string? NameProblem(string name) =>
        IsMadeOf(name, 63, NameSymbols) && char.IsAsciiLetterOrDigit(name[0]) ? null : $"\"{name}\" is not a name: letters, digits, '.', '_' and '-', at most 63, beginning with a letter or digit";

    private static bool IsMadeOf(ReadOnlySpan<char> text, int most, SearchValues<char> symbols) => !text.IsEmpty && text.Length <= most && !text.ContainsAnyExcept(symbols);

    // Up to the very end: '$' would let a line feed stand behind, which would be a line of a message of its own.
    [GeneratedRegex(@"^[+]?[0-9*#A-D]{0,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex PrependPattern();

    // A domain name, with the underscores that equipment writes, or a literal in brackets (RFC 3435 §2.1.2).
    [GeneratedRegex(@"^([A-Za-z0-9_]([A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?|\[[0-9A-Fa-f.:]{2,45}\])\z", RegexOptions.NonBacktracking)]
    private static partial Regex DomainPattern();

    // RFC 3435 §3.2.1.4: "MGCP", the version, and perhaps a profile's name.
    [GeneratedRegex("^MGCP [0-9]{1,3}[.][0-9]{1,3}( [A-Za-z0-9][A-Za-z0-9 ._-]{0,48})?\\z", RegexOptions.NonBacktracking)]
    private static partial Regex VersionPattern();

    // Letters of a local endpoint name without wildcards: '*' and '$' stand for many (RFC 3435 §2.1.2).
    [GeneratedRegex("^[A-Za-z0-9+_-]{1,32}(:[0-9]{1,3})?\\z", RegexOptions.NonBacktracking)]
    private static partial Regex PackagePattern();

    // A line of a package, or a vendor's (RFC 3435 Appendix A, extensionParameter).
    [GeneratedRegex("^([A-Za-z0-9+_-]{1,32}/[A-Za-z0-9+_-]{1,32}|[Xx][+-][A-Za-z0-9-]{1,32}): ?([ -~]{1,1000})\\z", RegexOptions.NonBacktracking)]
    private static partial Regex ParameterPattern();

    private sealed class Run(ProvisioningConfig config, ImmutableArray<SipListen> listeners, ImmutableArray<MgcpListen> heard, ConfigProblems problems)
    {
        private readonly HashSet<string> _peers = [.. config.Peers.Select(p => p.Name).OfType<string>()];
        private readonly Dictionary<string, Written> _peerNames = new(StringComparer.Ordinal);
        private readonly Dictionary<string, Written> _gatewayNames = new(StringComparer.Ordinal);
        private readonly Dictionary<string, Written> _domains = new(StringComparer.OrdinalIgnoreCase);
        private readonly Dictionary<string, Written> _numbers = new(StringComparer.Ordinal);
        private readonly Dictionary<(GatewayConfig, string), Written> _endpoints = [];

        public PeerModel Peer(PeerConfig peer)
        {
            Name(peer.Written, peer.Name, _peerNames);
            var (host, port, transport) = Uri(peer.Written, "uri", peer.Uri);
            Reachable(peer.Written, "uri", host, transport);
            Printable(peer.Written, ("realm", peer.Realm), ("username", peer.Username), ("password", peer.Password));
            if (peer.Registration == SipRegistrationMode.Trunk && string.IsNullOrEmpty(peer.Username))
                Wrong(peer.Written, "username", "is missing: registration: trunk registers this user");
            if (peer.Challenge && (string.IsNullOrEmpty(peer.Username) || string.IsNullOrEmpty(peer.Password)))
                Wrong(peer.Written, "challenge", "needs username and password: the peer has to show them");
            return new PeerModel(new SipPeerModel(peer.Name ?? "", host, port, transport, peer.Registration, peer.Realm, peer.Username, peer.Password)
            {
                Trusted = peer.Trusted,
                AsksForMessages = peer.SubscribesToMessages,
                CallerFrom = peer.CallerFrom,
                CallerIn = peer.CallerIn,
                Challenged = peer.Challenge,
                Backups = Backups(peer, transport),
                LocalAddress = LocalAddress(peer, transport),
                Numbers = new SipNumbering([.. peer.NumbersOut.Select(NumberRule)], [.. peer.NumbersIn.Select(NumberRule)], peer.UserPhone),
            }, peer.Media, peer.Dtmf)
            { Fax = peer.Fax, Srtp = peer.Srtp, HoldMusic = HoldMusic(peer) };
        }

        // As one text, so that models can be compared.
        private string? HoldMusic(PeerConfig peer)
        {
            if (peer.HoldMusic.IsEmpty) return null;
            if (peer.HoldMusic is ["none"]) return "";
            if (SoundWords.Read(peer.HoldMusic, TonePlan.Of("us")!, out var wrong) is null) Wrong(peer.Written, "holdMusic", wrong);
            return string.Join(' ', peer.HoldMusic);
        }

        private SipNumberRule NumberRule(NumberRuleConfig rule)
        {
            foreach (var (field, text) in ((string, string)[])[("prefix", rule.Prefix), ("prepend", rule.Prepend)])
                if (!PrependPattern().IsMatch(text)) Wrong(rule.Written, field, $"\"{text}\" is not digits: 0-9, *, #, A-D, with or without a leading +");
            if (rule.StripDigits > rule.Prefix.Length) Wrong(rule.Written, "stripDigits", $"{rule.StripDigits} is more than the prefix has");
            if (rule.MaxDigits != 0 && rule.MaxDigits < rule.MinDigits) Wrong(rule.Written, "maxDigits", $"{rule.MaxDigits} is fewer than minDigits");
            return new SipNumberRule(rule.Prefix, rule.StripDigits, rule.Prepend, rule.MinDigits, rule.MaxDigits);
        }

        public GatewayModel Gateway(GatewayConfig gateway)
        {
            Name(gateway.Written, gateway.Name, _gatewayNames);
            if (gateway.Domain is { } domain)
            {
                if (!DomainPattern().IsMatch(domain)) Wrong(gateway.Written, "domain", $"\"{domain}\" is not a domain name as it stands after '@' in the gateway's messages");
                else Once(gateway.Written, "domain", domain, _domains);
            }

            var (address, host) = Address(gateway);
            if (gateway.Traits?.Version is { } version && !VersionPattern().IsMatch(version))
                Wrong(gateway.TraitsWritten!, "version", $"\"{version}\" is not the text of a first line after the endpoint, such as MGCP 1.0 or MGCP 1.0 NCS 1.0");
            if (gateway.Traits?.DefaultPackage is { } package && !PackagePattern().IsMatch(package))
                Wrong(gateway.TraitsWritten!, "defaultPackage", $"\"{package}\" is not the name of a package, such as L");
            if (gateway.Traits?.Packages is { } packages && !packages.Split(';').All(one => PackagePattern().IsMatch(one)))
                Wrong(gateway.TraitsWritten!, "packages", $"\"{packages}\" is not a list of packages with versions, such as L:1;G:1;D:0");
            return new GatewayModel(
                new MgcpGatewayModel(gateway.Name ?? "", gateway.Domain ?? "", address, gateway.Profile, [.. gateway.Lines.Select(l => l.Endpoint ?? "")])
                {
                    Overrides = gateway.Traits,
                    Configuration = Configuration(gateway.Configuration),
                    AlsoFrom = Hosts(gateway),
                },
                gateway.Media,
                gateway.Dtmf)
            {
                Host = host,
                Fax = gateway.Fax,
            };
        }

        private EndpointConfiguration? Configuration(ConfigurationConfig? told)
        {
            if (told is null) return null;
            var extensions = ImmutableArray.CreateBuilder<MgcpExtension>();
            for (var i = 0; i < told.Parameters.Length; i++)
            {
                var match = ParameterPattern().Match(told.Parameters[i]);
                if (match.Success) extensions.Add(new MgcpExtension(match.Groups[1].Value, match.Groups[2].Value));
                else problems.Add(told.Written.Of("parameters"), told.Written.PathOf($"parameters[{i}]"), $"\"{told.Parameters[i]}\" is not a parameter of a package, such as LCK/LST: 120");
            }

            // EPCF without B: must say something else (RFC 3435 §2.3.2).
            return told.Bearer is null && extensions.Count == 0 ? null : new EndpointConfiguration(told.Bearer) { Extensions = extensions.DrainToImmutable() };
        }

        private (NetAddress? Address, GatewayHost? Host) Address(GatewayConfig gateway)
        {
            if (gateway.Address is not { } text) return (null, null);
            if (NetAddress.TryParse(text, 2427, out var parsed))
            {
                if (parsed.Port == 0 || parsed.IsUnspecified) Wrong(gateway.Written, "address", $"\"{text}\" is not an IP address that can be sent to");
                else if (!heard.IsEmpty && !heard.Any(l => MgcpPorts.Reaches(l.Address, parsed)))
                    Wrong(gateway.Written, "address", $"is an {(parsed.IsIPv4 ? "IPv4" : "IPv6")} address, but Mgcp:Listen has none of that kind");
                return (parsed, null);
            }

            var colon = text.LastIndexOf(':');
            var name = colon < 0 ? text : text[..colon];
            var port = 2427;
            if (SettingsValidator.IsHostName(name) && !name.Split('.')[^1].All(char.IsAsciiDigit)
                && (colon < 0 || (int.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out port) && port is >= 1 and <= 65535)))
                return (null, new GatewayHost(name, port));
            Wrong(gateway.Written, "address", $"\"{text}\" is not an IP address or a host name, with or without a port, such as 192.0.2.21:2427");
            return (null, null);
        }

        private ImmutableArray<NetAddress> Hosts(GatewayConfig gateway)
        {
            var hosts = ImmutableArray.CreateBuilder<NetAddress>();
            for (var i = 0; i < gateway.AlsoFrom.Length; i++)
            {
                var text = gateway.AlsoFrom[i];
                if (NetAddress.TryParse(text, 0, out var host) && host.Port == 0 && !host.IsUnspecified) hosts.Add(host);
                else problems.Add(gateway.Written.Of("alsoFrom"), gateway.Written.PathOf($"alsoFrom[{i}]"), $"\"{text}\" is not an IP address (without port)");
            }

            return hosts.ToImmutable();
        }

        public LineModel Line(GatewayConfig gateway, LineConfig line)
        {
            if (line.Endpoint is { } endpoint)
            {
                if (endpoint.Contains('@')) Wrong(line.Written, "endpoint", $"\"{endpoint}\": leave out the '@' and the domain, which is the gateway's");
                else if (!IsMadeOf(endpoint, 255, EndpointSymbols)) Wrong(line.Written, "endpoint", $"\"{endpoint}\" is not a local endpoint name (wildcards name many endpoints)");
                else Once(line.Written, "endpoint", (gateway, endpoint.ToLowerInvariant()), _endpoints, $"{endpoint} (endpoint names compare without regard to case)");
            }

            if (line.Number is { } number)
            {
                if (!IsNumber(number)) Wrong(line.Written, "number", $"\"{number}\" is not a number: digits, letters and + * # . _ - , at most 64");
                else Once(line.Written, "number", number, _numbers);
            }

            Reference(line.Written, "peer", line.Peer);
            Printable(line.Written, ("displayName", line.DisplayName), ("username", line.Username), ("password", line.Password));
            Destination(line.FeaturesWritten, "hotline", line.Features.Hotline);
            foreach (var (field, target) in ((string, string?)[])[("forwardAlways", line.Features.ForwardAlways), ("forwardBusy", line.Features.ForwardBusy), ("forwardNoAnswer", line.Features.ForwardNoAnswer)])
            {
                Destination(line.FeaturesWritten, field, target);
                if (target is not null && target == line.Number) Wrong(line.FeaturesWritten!, field, $"\"{target}\" is the line itself: its calls would come back");
            }

            return new LineModel(line.Number ?? "", line.DisplayName, gateway.Name ?? "", line.Endpoint ?? "", line.Peer ?? "",
                line.Username ?? line.Number ?? "", line.Password, line.Features)
            { Fax = line.Fax };
        }

        private SipHops Backups(PeerConfig peer, SipTransport? first)
        {
            var hops = ImmutableArray.CreateBuilder<SipHop>();
            for (var i = 0; i < peer.BackupUris.Length; i++)
            {
                var field = $"backupUris[{i}]";
                var (host, port, transport) = Uri(peer.Written, field, peer.BackupUris[i]);
                Reachable(peer.Written, field, host, transport);
                // Who is spoken to by TLS is not believed by less; that cannot hold for one address and not for another.
                if ((transport == SipTransport.Tls) != (first == SipTransport.Tls)) Wrong(peer.Written, field, "is not reached as uri is: either all by TLS, or none");
                hops.Add(new SipHop(host, port, transport));
            }

            return new SipHops(hops.ToImmutable());
        }

        private (string Host, int Port, SipTransport? Transport) Uri(Written peer, string field, string? text)
        {
            if (text is not { } uri) return ("", 0, null);
            // Up to the peer it is the same: TLS. Our requests say sip: and transport=tls, which every PBX understands.
            var secure = uri.StartsWith("sips:", StringComparison.OrdinalIgnoreCase);
            if (!secure && !uri.StartsWith("sip:", StringComparison.OrdinalIgnoreCase))
            {
                Wrong(peer, field, $"\"{uri}\" is not a SIP URI such as sip:10.0.0.9:5060;transport=udp");
                return ("", 0, null);
            }

            var parts = uri[(secure ? 5 : 4)..].Split(';');
            var (host, port) = HostPort(peer, field, uri, parts[0]);
            SipTransport? transport = secure ? SipTransport.Tls : null;
            foreach (var parameter in parts.Skip(1))
            {
                switch (parameter.ToLowerInvariant())
                {
                    case "transport=udp" when !secure: transport = SipTransport.Udp; break;
                    case "transport=tcp" when !secure: transport = SipTransport.Tcp; break;
                    case "transport=tls": transport = SipTransport.Tls; break;
                    // RFC 3261 §26.2.2: of a sips: URI, transport=tcp means TLS over it.
                    case "transport=tcp": break;
                    default: Wrong(peer, field, $"\";{parameter}\" is not understood: only ;transport=udp, ;transport=tcp or ;transport=tls is"); break;
                }
            }

            return (host, port, transport);
        }

        // A literal without transport is reached over UDP (RFC 3263 §4.1); a name may yet turn out to be anything.
        private void Reachable(Written peer, string field, string host, SipTransport? transport)
        {
            if (listeners.IsEmpty || host.Length == 0) return;
            var isLiteral = NetAddress.TryParse(host, 0, out var address);
            if (transport is null && !isLiteral) return;
            var needed = transport ?? SipTransport.Udp;
            var name = needed.ToString().ToLowerInvariant();
            if (!listeners.Any(l => l.Transport == needed)) Wrong(peer, field, $"is reached over {name.ToUpperInvariant()}, but Sip:Listen has no {name}:// listener");
            else if (isLiteral && !listeners.Any(l => l.Transport == needed && (l.Address.IsIPv4 == address.IsIPv4 || (l.Address.IsUnspecified && !l.Address.IsIPv4))))
                Wrong(peer, field, $"has an {(address.IsIPv4 ? "IPv4" : "IPv6")} address, but Sip:Listen has no {name}:// listener of that kind");
        }

        private NetAddress? LocalAddress(PeerConfig peer, SipTransport? transport)
        {
            if (peer.LocalAddress is not { } text) return null;
            if (!NetAddress.TryParse(text, 0, out var address) || address.Port != 0 || address.IsUnspecified)
                Wrong(peer.Written, "localAddress", $"\"{text}\" is not an IP address (without port)");
            else if (!listeners.IsEmpty && !listeners.Any(l => l.Address.SameHost(address) && l.Transport == (transport ?? l.Transport)))
                Wrong(peer.Written, "localAddress", $"\"{text}\": Sip:Listen has no listener at that address");
            return address;
        }

        private (string Host, int Port) HostPort(Written peer, string field, string uri, string text)
        {
            if (text.Contains('@'))
            {
                Wrong(peer, field, $"\"{uri}\" names a user; a peer is a host (users stand in username)");
                return ("", 0);
            }

            if (NetAddress.TryParse(text, 0, out var address) && !(address.IsUnspecified || text.EndsWith(":0", StringComparison.Ordinal))) return (address.UriHost, address.Port);
            var colon = text.LastIndexOf(':');
            var host = colon < 0 ? text : text[..colon];
            var port = 0;
            var bad = !SettingsValidator.IsHostName(host) || host.Split('.')[^1].All(char.IsAsciiDigit)
                || (colon >= 0 && (!int.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out port) || port is < 1 or > 65535));
            if (bad) Wrong(peer, field, $"\"{uri}\" has no host, or a bad port: sip:10.0.0.9:5060;transport=udp would be right");
            return (host, port);
        }

        private void Name(Written written, string? name, Dictionary<string, Written> seen)
        {
            if (name is null) return;
            if (NameProblem(name) is { } problem) Wrong(written, "name", problem);
            else Once(written, "name", name, seen);
        }

        private void Once<T>(Written written, string field, T key, Dictionary<T, Written> seen, string? shown = null)
            where T : notnull
        {
            if (!seen.TryAdd(key, written)) Wrong(written, field, $"{shown ?? key.ToString()} is there already, at {seen[key].At}");
        }

        private void Reference(Written written, string field, string? peer)
        {
            if (peer is not null && !_peers.Contains(peer)) Wrong(written, field, NoPeer(peer));
        }

        private string NoPeer(string peer) => $"there is no peer \"{peer}\"{Suggestion.Hint(peer, _peers)}";

        private void Destination(Written? written, string field, string? digits)
        {
            if (written is not null && digits is not null && !IsDestination(digits))
                Wrong(written, field, $"\"{digits}\" is not a number to call: 0-9, *, #, A-D, with or without a leading +");
        }

        // What ends up in a header must not end the header.
        private void Printable(Written written, params ReadOnlySpan<(string Field, string? Text)> texts)
        {
            foreach (var (field, text) in texts)
                if (text is not null && text.Any(char.IsControl)) Wrong(written, field, "has control characters");
        }

        private void Wrong(Written written, string field, string message) => problems.Add(written.Of(field), written.PathOf(field), message);
    }
}
