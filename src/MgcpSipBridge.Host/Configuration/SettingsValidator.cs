using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using MgcpSipBridge.Calls;
using MgcpSipBridge.Host.Net.Tls;
using MgcpSipBridge.Relay;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Turns what was written into a <see cref="BridgeModel"/>; finds every problem, opens nothing but the files that are named.</summary>
internal static partial class SettingsValidator
{
    /// <summary>The model; null when there was any problem.</summary>
    public static BridgeModel? Validate(BridgeConfig config, SettingSources sources, ConfigProblems problems)
    {
        var check = new Check(sources, problems);
        var mgcp = check.MgcpListeners(config.Mgcp.Listen);
        var callAgent = check.CallAgent("Mgcp:CallAgent", config.Mgcp.CallAgent);
        foreach (var (backup, i) in config.Mgcp.BackupCallAgents.Select((b, i) => (b, i))) check.CallAgent($"Mgcp:BackupCallAgents:{i}", backup);
        var listen = check.SipListeners(config.Sip.Listen);
        var pins = check.SipTls(config.Sip.Tls, listen);
        var nameServers = config.Sip.NameServers.Select((text, i) => check.Address(config.Sip.NameServers.Length == 1 ? "Sip:NameServers" : $"Sip:NameServers:{i}", text, 53)).ToImmutableArray();
        var advertise = check.Advertise(config.Sip);
        var gatewayMedia = check.Media("Media:Gateway", config.Media.Gateway, advertise.Local);
        var sipMedia = check.Media("Media:Sip", config.Media.Sip, advertise.Local);
        var (first, last) = check.Ports(config.Media.Ports);
        var api = ApiSettings.Validate(config.Api, sources, check.Wrong);
        if (config.Relay.Engine == RelayEngine.Native && !RtpRelay.NativeIsPossible) check.Wrong("Relay:Engine", "the native engine needs Linux on 64 bits; Auto takes what there is");
        var codes = check.ServiceCodes(config.Dial.ServiceCodes);
        var emergencies = check.EmergencyNumbers(config.Dial.EmergencyNumbers);
        check.Timers(config);
        AudioSettings.Validate(config, check.Wrong);
        CdrSettings.Validate(config.Cdr, check.Wrong);
        ObservabilitySettings.Validate(config.Observability, check.Wrong);
        StorageSettings.Validate(config.Storage, check.Wrong);
        return !problems.None ? null : new BridgeModel
        {
            Config = config,
            MgcpListen = mgcp,
            CallAgent = callAgent,
            SipListen = listen,
            SipPins = pins,
            NameServers = nameServers,
            ServiceCodes = codes,
            EmergencyNumbers = emergencies,
            SipAdvertise = advertise,
            GatewayMedia = gatewayMedia,
            SipMedia = sipMedia,
            FirstMediaPort = first,
            LastMediaPort = last,
            Api = api,
        };
    }

    // [localName@]domain[:port]; the domain is a name or a literal in brackets (RFC 3435 §3.2.1.3).
    [GeneratedRegex(@"^([A-Za-z0-9/$*_.+-]{1,255}@)?([A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[[0-9A-Fa-f.:]{2,45}\])(:\d{1,5})?\z", RegexOptions.NonBacktracking)]
    private static partial Regex CallAgentPattern();

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex HostPattern();

    /// <summary>Whether this is a host name or an IPv4 literal by its letters.</summary>
    internal static bool IsHostName(string text) => HostPattern().IsMatch(text);

    private const int MostEmergencies = 32;

    private sealed class Check(SettingSources sources, ConfigProblems problems)
    {
        public void Wrong(string path, string message) => problems.Add(sources.PlaceOf(path), path, message);

        public NetAddress Address(string path, string text, int defaultPort)
        {
            if (NetAddress.TryParse(text, defaultPort, out var address)) return address;
            Wrong(path, $"\"{text}\" is not an address with a port, such as 192.0.2.1:{defaultPort} or [2001:db8::1]:{defaultPort}");
            return NetAddress.None;
        }

        public ImmutableArray<MgcpListen> MgcpListeners(string[] texts)
        {
            var listeners = ImmutableArray.CreateBuilder<MgcpListen>();
            if (texts.Length == 0) Wrong("Mgcp:Listen", "is empty: gateways must be heard somewhere");
            for (var i = 0; i < texts.Length; i++)
            {
                var path = texts.Length == 1 ? "Mgcp:Listen" : $"Mgcp:Listen:{i}";
                var address = Address(path, texts[i], 2727);
                if (address.Port != 0 && listeners.Any(l => l.Address == address)) Wrong(path, $"\"{texts[i]}\" is there twice");
                listeners.Add(new MgcpListen(address, path));
            }

            return listeners.ToImmutable();
        }

        public string? CallAgent(string path, string? text)
        {
            if (text is not null && !CallAgentPattern().IsMatch(text))
                Wrong(path, $"\"{text}\" is not a call agent's name, such as ca@bridge.example.net:2727 or ca@[192.0.2.1]:2727");
            return text;
        }

        public string? Host(string path, string? text)
        {
            if (text is null) return null;
            // An IPv6 literal is written in brackets into Via and Contact, however it was configured.
            if (IPAddress.TryParse(text.Trim('[', ']'), out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) return $"[{ip}]";
            if (!IsHostName(text)) Wrong(path, $"\"{text}\" is not an address or a host name (without port)");
            return text;
        }

        public SipAdvertise Advertise(SipSection sip)
        {
            var (hosts, networks) = Advertise("Sip:Advertise", sip.Advertise);
            var local = sip.LocalNetworks.Select((text, i) => Network(sip.LocalNetworks.Length == 1 ? "Sip:LocalNetworks" : $"Sip:LocalNetworks:{i}", text)).OfType<NetPrefix>();
            return new SipAdvertise(hosts, networks, [.. local]);
        }

        private (ImmutableArray<string> Hosts, ImmutableArray<SipAdvertisement> Networks) Advertise(string setting, string[] texts)
        {
            var hosts = ImmutableArray.CreateBuilder<string>();
            var networks = ImmutableArray.CreateBuilder<SipAdvertisement>();
            for (var i = 0; i < texts.Length; i++)
            {
                var path = texts.Length == 1 ? setting : $"{setting}:{i}";
                var (text, equals) = (texts[i], texts[i].IndexOf('='));
                var host = Host(path, text[(equals + 1)..])!;
                if (equals >= 0)
                {
                    if (Network(path, text[..equals]) is not { } network) continue;
                    if (networks.Any(n => n.Network == network)) Wrong(path, $"\"{network}\" is there twice");
                    networks.Add(new SipAdvertisement(network, host));
                }
                else if (hosts.Any(known => KindOf(known) == KindOf(host))) Wrong(path, $"\"{host}\": there is one like it already; a list takes a name and an address of each family, others as network=host");
                else hosts.Add(host);
            }

            return (hosts.ToImmutable(), networks.ToImmutable());
        }

        private static int KindOf(string host) => !NetAddress.TryParse(host, 0, out var address) ? 0 : address.IsIPv4 ? 4 : 6;

        private NetPrefix? Network(string path, string text)
        {
            if (NetPrefix.TryParse(text, out var network)) return network;
            Wrong(path, $"\"{text}\" is not a network such as 10.0.0.0/8 or 2001:db8::/32");
            return null;
        }

        public ImmutableArray<SipListen> SipListeners(string[] texts)
        {
            var listeners = ImmutableArray.CreateBuilder<SipListen>();
            if (texts.Length == 0) Wrong("Sip:Listen", "is empty: SIP must be heard somewhere");
            for (var i = 0; i < texts.Length; i++)
            {
                var path = $"Sip:Listen:{i}";
                var cut = texts[i].IndexOf("://", StringComparison.Ordinal);
                var scheme = cut < 0 ? "" : texts[i][..cut].ToLowerInvariant();
                SipTransport? transport = scheme switch
                {
                    "udp" => SipTransport.Udp,
                    "tcp" => SipTransport.Tcp,
                    "tls" => SipTransport.Tls,
                    _ => null,
                };
                if (transport is not { } known || !NetAddress.TryParse(texts[i].AsSpan(cut + 3), SipTransports.DefaultPort(known), out var address))
                {
                    Wrong(path, $"\"{texts[i]}\" is not udp://address:port, tcp://address:port or tls://address:port");
                    continue;
                }

                var listener = new SipListen(known, address, path);
                if (address.Port != 0 && listeners.Any(l => l.Transport == listener.Transport && l.Address == address)) Wrong(path, $"\"{texts[i]}\" is there twice");
                else if (address.Port != 0 && known != SipTransport.Udp && listeners.Any(l => l.Transport != SipTransport.Udp && l.Address == address))
                    Wrong(path, $"\"{texts[i]}\": TCP and TLS need a port each");
                listeners.Add(listener);
            }

            return listeners.ToImmutable();
        }

        // Files that nothing uses yet may be missing.
        public ImmutableArray<TlsPin> SipTls(SipTlsSection tls, ImmutableArray<SipListen> listeners)
        {
            if (listeners.Any(l => l.Transport == SipTransport.Tls))
            {
                if (tls.Certificate is null) Wrong("Sip:Tls:Certificate", "is missing: tls:// listeners need it");
                else TlsMaterial.Load(tls.Files, Wrong);
            }

            var pins = ImmutableArray.CreateBuilder<TlsPin>();
            for (var i = 0; i < tls.Pins.Length; i++)
            {
                if (TlsPin.Parse(tls.Pins[i]) is { } pin) pins.Add(pin);
                else Wrong($"Sip:Tls:Pins:{i}", $"\"{tls.Pins[i]}\" is not host=sha256/… with 32 bytes in base64");
            }

            return pins.ToImmutable();
        }

        public MediaSide Media(string path, MediaSideSection side, ImmutableArray<NetPrefix> local)
        {
            var address = Ip(path + ":Address", side.Address);
            var (hosts, networks) = Advertise(path + ":Advertise", side.Advertise);
            // SDP takes names, but gateways do not.
            foreach (var host in hosts.Concat(networks.Select(n => n.Host)))
            {
                if (!NetAddress.TryParse(host, 0, out var told) || told.Port != 0) Wrong(path + ":Advertise", $"\"{host}\" is not an IP address (without port)");
                else if (told.IsUnspecified) Wrong(path + ":Advertise", "nobody can send to that address");
            }

            if (hosts.Length > 1) Wrong(path + ":Advertise", "one address is for everybody; others are written as network=address");
            var advertise = hosts is [var one, ..] && NetAddress.TryParse(one, 0, out var everybody) ? everybody : address;
            return new MediaSide(address, advertise)
            {
                Networks = [.. networks, .. address.IsUnspecified || hosts.IsEmpty ? [] : local.Select(network => new SipAdvertisement(network, address.UriHost))],
            };
        }

        public (int First, int Last) Ports(string text)
        {
            var parts = text.Split('-', StringSplitOptions.TrimEntries);
            if (parts.Length == 2
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                && first is >= 1024 and <= 65535 && last is >= 1024 and <= 65535)
            {
                // RTP on an even port, RTCP on the next (RFC 3550 §11), once per side.
                if (last - first < 3) Wrong("Media:Ports", $"\"{text}\" is too small: a call takes four ports");
                return (first, last);
            }

            Wrong("Media:Ports", $"\"{text}\" is not a range of ports from 1024 to 65535, such as 20000-29999");
            return (0, 0);
        }

        public ImmutableArray<ServiceCode> ServiceCodes(ServiceCodeSection section)
        {
            var codes = ImmutableArray.CreateBuilder<ServiceCode>();
            foreach (var (action, text) in section.All)
            {
                if (text.Length == 0) continue;
                var path = $"Dial:ServiceCodes:{action}";
                if (!ServiceCode.TryParse(action, text, out var code))
                {
                    Wrong(path, $"\"{text}\" is not a code: * or #, then 1 to {ServiceCode.MaxPrefix - 1} of 0-9, * and #{(ServiceCode.Takes(action) ? $", with {ServiceCode.NumberMark} or {ServiceCode.NumberMark}# behind them" : "")}");
                    continue;
                }

                // Whoever dials the shorter one would have to wait, or never reach the longer.
                foreach (var other in codes)
                    if (code.Prefix.StartsWith(other.Prefix, StringComparison.Ordinal) || other.Prefix.StartsWith(code.Prefix, StringComparison.Ordinal))
                        Wrong(path, $"\"{text}\" and {other.Action} (\"{other.Prefix}\") begin alike: one of them could not be dialled");
                codes.Add(code);
            }

            return codes.ToImmutable();
        }

        // An empty text is how the environment and the command line say that there are none.
        public FrozenSet<string> EmergencyNumbers(string[] texts)
        {
            const string path = "Dial:EmergencyNumbers";
            if (texts.Length > MostEmergencies) Wrong(path, $"has {texts.Length} numbers: at most {MostEmergencies}, for every one is in every digit map");
            for (var i = 0; i < texts.Length; i++)
                if (texts[i] is not ("" or { Length: >= 2 and <= 6 }) || texts[i].Any(c => !char.IsAsciiDigit(c)))
                    Wrong(texts.Length == 1 ? path : $"{path}:{i}", $"\"{texts[i]}\" is not a number of 2 to 6 digits, such as 112");
            return texts.Where(text => text.Length > 0).ToFrozenSet(StringComparer.Ordinal);
        }

        public void Timers(BridgeConfig config)
        {
            var m = config.Mgcp;
            if (m.RetransmitInitial > m.RetransmitMax) Wrong("Mgcp:RetransmitInitial", "is longer than Mgcp:RetransmitMax");
            if (m.THist < m.TMax) Wrong("Mgcp:THist", "is shorter than Mgcp:TMax; answers must outlive retransmissions (RFC 3435 §3.5.1)");
            if (m.Max2 <= m.Max1) Wrong("Mgcp:Max2", "must be more than Mgcp:Max1");
            var s = config.Sip;
            foreach (var (name, i) in s.KeepHeaders.Select((name, i) => (name, i)))
                if (name.Length > 0 && !SipSettings.MayKeep(name)) Wrong(s.KeepHeaders.Length == 1 ? "Sip:KeepHeaders" : $"Sip:KeepHeaders:{i}", $"\"{name}\" is neither User-to-User nor a private header such as X-Account");
            if (s.T2 < s.T1) Wrong("Sip:T2", "is shorter than Sip:T1");
            if (s.RegisterRetryMax < s.RegisterRetry) Wrong("Sip:RegisterRetryMax", "is shorter than Sip:RegisterRetry");
            if (s.Product.Length == 0 || s.Product.Any(c => !(char.IsAsciiLetterOrDigit(c) || "-.!%*_+`'~/ ".Contains(c, StringComparison.Ordinal))))
                Wrong("Sip:Product", "is not a product token (RFC 3261 §20.41)");
        }

        private NetAddress Ip(string path, string text)
        {
            if (NetAddress.TryParse(text, 0, out var address) && address.Port == 0) return address;
            Wrong(path, $"\"{text}\" is not an IP address (without port)");
            return NetAddress.None;
        }
    }
}
