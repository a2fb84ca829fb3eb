using System.Collections;
using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly Loading _loading = new();

    public void Dispose() => _loading.Dispose();

    [Fact]
    public void Without_files_everything_is_on_loopback_as_the_contract_says()
    {
        var model = _loading.Load().Bridge!;
        Assert.Equal("127.0.0.1:2727", Assert.Single(model.MgcpListen).Address.ToString());
        Assert.Equal([(SipTransport.Udp, "127.0.0.1:5060"), (SipTransport.Tcp, "127.0.0.1:5060")], model.SipListen.Select(l => (l.Transport, l.Address.ToString())));
        Assert.Equal("127.0.0.1:8080", model.Api.Http.Address.ToString());
        Assert.Equal("127.0.0.1:8081", model.Api.Grpc.Address.ToString());
        Assert.Equal("127.0.0.1", model.GatewayMedia.Address.Host);
        Assert.Equal("127.0.0.1", model.SipMedia.Advertise.Host);
        Assert.Equal((20000, 29999), (model.FirstMediaPort, model.LastMediaPort));
        Assert.Equal(TimeSpan.FromSeconds(10), model.Drain);
    }

    [Fact]
    public void The_contracts_example_is_taken()
    {
        var model = _loading.Load("""
            { "Bridge": { "Node": "node-a", "DrainSeconds": 10 },
              "Mgcp":   { "Listen": "0.0.0.0:2727", "CallAgent": "ca@bridge.example.net:2727", "AcceptUnknownGateways": false },
              "Sip":    { "Listen": ["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"], "Advertise": "203.0.113.5",
                          "Tls": { "Certificate": "c.pem", "Key": "k.pem", "Trust": "t.pem" } },
              "Media":  { "Gateway": { "Address": "10.0.0.5", "Advertise": null }, "Sip": { "Address": "203.0.113.5", "Advertise": null },
                          "Ports": "20000-29999" },
              "Api":    { "Http": "http://127.0.0.1:8080", "Grpc": "http://127.0.0.1:8081", "Tls": {}, "Tokens": [] },
              "Storage":{ "Provider": "Sqlite", "Path": "bridge.db" },
              "Cluster":{ "Provider": "None" } }
            """).Bridge!;
        var settings = model.ToEngineSettings([model.MgcpListen[0].Address], [(SipTransport.Udp, model.SipListen[0].Address)], NetAddress.None);
        Assert.Equal("ca@bridge.example.net:2727", settings.Mgcp.NotifiedEntity);
        Assert.Equal(("203.0.113.5", 5060), (settings.Sip.Listeners[0].AdvertisedHost, settings.Sip.Listeners[0].AdvertisedPort));
        Assert.Equal("10.0.0.5", model.GatewayMedia.Advertise.Host);
        Assert.Equal("node-a", model.Config.Bridge.Node);
    }

    [Fact]
    public void An_empty_section_must_have_a_right_name_too()
    {
        Assert.Empty(_loading.Problems("""{ "Sip": {}, "Api": { "Tls": {} }, "Logging": { "LogLevel": {} } }"""));
        Assert.Collection(
            _loading.Problems("""{ "Brige": {}, "Sip": { "Tsl": {}, "Listen": {} } }"""),
            problem => Assert.EndsWith(":1:3: Brige: unknown setting; did you mean Bridge?", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith(":1:25: Sip:Tsl: unknown setting; did you mean Sip:Tls?", problem, StringComparison.Ordinal),
            problem => Assert.EndsWith(":1:36: Sip:Listen: is not a section but a list", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_problem_is_reported_at_once_with_its_line_and_path()
    {
        Snapshot.Matches("settings-problems.txt", string.Join('\n', _loading.Problems("""
            {
              "Bridge": { "DrainSeconds": "soon" },
              "Mgcp":   { "Lisen": "0.0.0.0:2727", "RetransmitMax": "9h" },
              "Spi":    { "Listen": ["a", "b"], "Deep": { "er": null } },
              "Sip":   { "TMax": "5s",
                         "Listen": ["udp://[::]", "tcp:/0.0.0.0:5060"] },
              "Media":  "x",
              "Api":   { "Http": "http://nowhere", "Tokens": ["secret"] }
            }
            """)) + "\n");
    }

    [Theory]
    [InlineData("{ \"Mgcp\": { \"Listen\": \"127.0.0.1:1\" \n \"TMax\": 1 } }", "bridge.json:2:2: not valid JSON")]
    [InlineData("[1]", "bridge.json:1:1: the file must hold an object")]
    [InlineData("{\n \"Mgcp\": { \"TMax\": \"5s\",\n \"tmax\": \"6s\" } }", "bridge.json:3:2: Mgcp:tmax: written twice")]
    [InlineData("{ \"Mgcp\": { \"TMax\": 5 } }", "bridge.json:1:13: Mgcp:TMax: \"5\" is not a duration")]
    [InlineData("{ \"Mgcp\": { \"TMax\": [5] } }", "bridge.json:1:22: Mgcp:TMax:0: Mgcp:TMax is a value, nothing stands below it")]
    [InlineData("{ \"Mgcp\": { \"Trace\": \"yes\" } }", "is not true or false")]
    [InlineData("{ \"Mgcp\": { \"THist\": \"10s\" } }", "Mgcp:THist: is shorter than Mgcp:TMax")]
    [InlineData("{ \"Mgcp\": { \"Max1\": 7 } }", "Mgcp:Max2: must be more than Mgcp:Max1")]
    [InlineData("{ \"Mgcp\": { \"CallAgent\": \"a b@c\" } }", "is not a call agent's name")]
    [InlineData("{ \"Mgcp\": { \"StrangerDatagramsPerSecond\": -1 } }", "-1 is out of range: 0 to 1000000")]
    [InlineData("{ \"Dial\": { \"EmergencyNumbers\": [\"112\", \"+112\"] } }", "Dial:EmergencyNumbers:1: \"+112\" is not a number of 2 to 6 digits, such as 112")]
    [InlineData("{ \"Dial\": { \"EmergencyNumbers\": \"1\" } }", "Dial:EmergencyNumbers: \"1\" is not a number of 2 to 6 digits, such as 112")]
    [InlineData("{ \"Dial\": { \"EmergencyNumbers\": [\"1120000\"] } }", "\"1120000\" is not a number of 2 to 6 digits, such as 112")]
    [InlineData("{ \"Sounds\": { \"MaxBytes\": 5 } }", "Sounds:MaxBytes: 5 is out of range: 16000 to 4294967296")]
    [InlineData("{ \"Recordings\": { \"MaxBytes\": \"1 GB\" } }", "Recordings:MaxBytes: \"1 GB\" is not a whole number")]
    [InlineData("{ \"Sip\": { \"Listen\": \"udp://127.0.0.1\" } }", "Sip:Listen: is a list")]
    [InlineData("{ \"Sip\": { \"Listen\": [] } }", "Sip:Listen: is empty")]
    [InlineData("{ \"Mgcp\": { \"Listen\": [] } }", "Mgcp:Listen: is empty")]
    [InlineData("{ \"Mgcp\": { \"Listen\": \"gw:2727\" } }", "Mgcp:Listen: \"gw:2727\" is not an address with a port")]
    [InlineData("{ \"Mgcp\": { \"Listen\": [\"127.0.0.1\", \"gw\"] } }", "bridge.json:1:37: Mgcp:Listen:1: \"gw\" is not an address with a port")]
    [InlineData("{ \"Mgcp\": { \"Listen\": [\"127.0.0.1\", \"127.0.0.1:2727\"] } }", "Mgcp:Listen:1: \"127.0.0.1:2727\" is there twice")]
    [InlineData("{ \"Mgcp\": { \"Dscp\": 64 } }", "64 is out of range: 0 to 63")]
    [InlineData("{ \"Sip\": { \"Listen\": [\"udp://127.0.0.1:5060\", \"udp://127.0.0.1\"] } }", "is there twice")]
    [InlineData("{ \"Sip\": { \"Listen\": [\"tls://127.0.0.1:5061\"] } }", "Sip:Tls:Certificate: is missing")]
    [InlineData("{ \"Sip\": { \"Listen\": [\"tls://127.0.0.1:5061\"], \"Tls\": { \"Certificate\": \"/nowhere/c.pem\" } } }", "Sip:Tls:Certificate: /nowhere/c.pem: ")]
    [InlineData("{ \"Sip\": { \"Tls\": { \"Pins\": [\"pbx.example.net=sha256/AAAA\"] } } }", "Sip:Tls:Pins:0: \"pbx.example.net=sha256/AAAA\" is not host=sha256/")]
    [InlineData("{ \"Sip\": { \"Tls\": { \"HandshakeTimeout\": \"0s\" } } }", "0s is out of range: 100ms to 60s")]
    [InlineData("{ \"Sip\": { \"Advertise\": \"sip.example.net:5060\" } }", "is not an address or a host name")]
    [InlineData("{ \"Sip\": { \"Advertise\": [\"a.example.net\", \"b.example.net\"] } }", "Sip:Advertise:1: \"b.example.net\": there is one like it already")]
    [InlineData("{ \"Sip\": { \"Advertise\": [\"192.0.2.1\", \"10.0.0.1/8=10.0.0.1\"] } }", "Sip:Advertise:1: \"10.0.0.1/8\" is not a network")]
    [InlineData("{ \"Sip\": { \"LocalNetworks\": \"10/8\" } }", "Sip:LocalNetworks: \"10/8\" is not a network")]
    [InlineData("{ \"Media\": { \"Ports\": \"20000-20002\" } }", "is too small")]
    [InlineData("{ \"Media\": { \"Ports\": \"30000-20000\" } }", "is too small")]
    [InlineData("{ \"Media\": { \"Sip\": { \"Address\": \"example.net\" } } }", "is not an IP address")]
    [InlineData("{ \"Api\": { \"Grpc\": \"http://127.0.0.1:8080\" } }", "is the same port as Api:Http")]
    [InlineData("{ \"Api\": { \"Http\": \"https://127.0.0.1:8443\" } }", "Api:Tls:Certificate: is missing")]
    [InlineData("{ \"Cdr\": { \"Csv\": \"/dev/null/new/cdr.csv\" } }", "Cdr:Csv: /dev/null is a file: there can be no directory /dev/null/new")]
    [InlineData("{ \"Cdr\": { \"Csv\": \"cdr.csv\", \"JsonLines\": \"./cdr.csv\" } }", "Cdr:JsonLines: is the same file as Cdr:Csv")]
    [InlineData("{ \"Cdr\": { \"Spool\": \"\" } }", "Cdr:Spool: names no file")]
    [InlineData("{ \"Logging\": { \"LogLevel\": { \"Default\": \"Loud\" } } }", "\"Loud\" is not one of Trace")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"DoNotDisturbOn\": \"78\" } } }", "bridge.json:1:31: Dial:ServiceCodes:DoNotDisturbOn: \"78\" is not a code: * or #, then 1 to 7 of 0-9, * and #")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"DoNotDisturbOn\": \"*78{number}\" } } }", "is not a code")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"ForwardBusyOn\": \"*9A{number}\" } } }", "with {number} or {number}# behind them")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"ForwardBusyOn\": \"*21*{number}*\" } } }", "is not a code")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"ForwardAlwaysOff\": \"*6\" } } }", "Dial:ServiceCodes:ForwardAlwaysOff: \"*6\" and WithholdNumber (\"*67\") begin alike")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"ForwardAlwaysOff\": \"*671\" } } }", "Dial:ServiceCodes:ForwardAlwaysOff: \"*671\" and WithholdNumber (\"*67\") begin alike")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"ShowNumber\": \"*67\" } } }", "Dial:ServiceCodes:ShowNumber: \"*67\" and WithholdNumber (\"*67\") begin alike")]
    [InlineData("{ \"Dial\": { \"ServiceCodes\": { \"DoNotDisturb\": \"*25\" } } }", "did you mean Dial:ServiceCodes:DoNotDisturbO")]
    [InlineData("{ \"Cluster\": { \"Provider\": \"Etcd\" } }", "\"Etcd\" is not one of None")]
    public void A_single_problem_is_named(string json, string problem) =>
        Assert.Contains(problem, Assert.Single(_loading.Problems(json)), StringComparison.Ordinal);

    [Fact]
    public void Later_sources_win_and_elements_replace_the_default_list()
    {
        var environment = new Hashtable
        {
            ["MGCPSIP_Sip__Listen__0"] = "udp://127.0.0.1:5070",
            ["MGCPSIP_BRIDGE__NODE"] = "from-environment",
            ["MGCPSIP_REQUIRE_PEERS"] = "1",
            ["Sip__Listen__0"] = "nonsense of another program",
        };
        var model = _loading.Load("""{ "Bridge": { "Node": "from-file" }, "Mgcp": { "TMax": "10s" } }""", null,
            ["--Bridge:DrainSeconds=3", "--mgcp:tmax", "00:00:15"], environment).Bridge!;
        Assert.Equal(["127.0.0.1:5070"], model.SipListen.Select(l => l.Address.ToString()));
        Assert.Equal("from-environment", model.Config.Bridge.Node);
        Assert.Equal(TimeSpan.FromSeconds(3), model.Drain);
        Assert.Equal(TimeSpan.FromSeconds(15), model.Config.Mgcp.TMax);
    }

    [Theory]
    [InlineData("\"127.0.0.1:1\"", null, null, "127.0.0.1:1")]
    [InlineData("[\"127.0.0.1:1\", \"[::1]:2\"]", null, null, "127.0.0.1:1 [::1]:2")]
    [InlineData("[\"127.0.0.1:1\", \"[::1]:2\"]", "MGCPSIP_Mgcp__Listen", null, "127.0.0.9:9")]
    [InlineData("\"127.0.0.1:1\"", "MGCPSIP_Mgcp__Listen__0", null, "127.0.0.9:9")]
    [InlineData("\"127.0.0.1:1\"", "MGCPSIP_Mgcp__Listen", "--Mgcp:Listen:0=127.0.0.8:8", "127.0.0.8:8")]
    [InlineData("[\"127.0.0.1:1\"]", "MGCPSIP_Mgcp__Listen__0", "--Mgcp:Listen=127.0.0.8:8", "127.0.0.8:8")]
    public void Gateways_are_heard_on_one_address_or_a_list_and_the_later_source_wins(string file, string? variable, string? argument, string heard)
    {
        var environment = variable is null ? new Hashtable() : new Hashtable { [variable] = "127.0.0.9:9" };
        var model = _loading.Load($"{{ \"Mgcp\": {{ \"Listen\": {file} }} }}", null, argument is null ? [] : [argument], environment).Bridge!;
        Assert.Equal(heard, string.Join(' ', model.MgcpListen.Select(l => l.Address)));
    }

    [Fact]
    public void A_gateway_is_told_an_address_of_its_own_family()
    {
        var model = _loading.Load("""{ "Mgcp": { "Listen": ["[2001:db8::5]:2728", "10.0.0.5"] } }""").Bridge!;
        var settings = model.ToEngineSettings([.. model.MgcpListen.Select(l => l.Address)], [], NetAddress.None).Mgcp;
        Assert.Equal("ca@[10.0.0.5]:2727", settings.NotifiedEntity);
        Assert.Equal("ca@[10.0.0.5]:2727 ca@[2001:db8::5]:2728", string.Join(' ', settings.NotifiedEntities.Values.Order(StringComparer.Ordinal)));
        var named = _loading.Load("""{ "Mgcp": { "Listen": ["[2001:db8::5]:2728", "10.0.0.5"], "CallAgent": "ca@bridge", "BackupCallAgents": ["ca@b2:2727", "ca@b3"] } }""").Bridge!;
        var told = named.ToEngineSettings([.. model.MgcpListen.Select(l => l.Address)], [], NetAddress.None).Mgcp;
        Assert.Equal("ca@bridge", told.NotifiedEntity);
        Assert.Empty(told.NotifiedEntities);
        Assert.Equal(["ca@b2:2727", "ca@b3"], told.BackupCallAgents);
    }

    [Fact]
    public void Problems_of_other_sources_name_the_source()
    {
        Assert.Equal(
        [
            "command line: --confg=x: unknown option; did you mean --config?",
            "command line: zork: not understood; settings are given as --Section:Key=value",
            "command line: Mgcp:Listen: has no value; settings are given as --Section:Key=value",
            "command line: Sip:T1: \"1\" is not a duration such as 200ms, 4s, 5m, 1h or 00:00:04",
            "environment variable MGCPSIP_Sip__Listn__0: Sip:Listn: unknown setting; did you mean Sip:Listen?",
        ], _loading.Problems(null, null, ["--confg=x", "zork", "--Sip:T1=1", "--Mgcp:Listen"], new Hashtable { ["MGCPSIP_Sip__Listn__0"] = "x" }));
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_problem() =>
        Assert.Contains("cannot be read", Assert.Single(LoadedConfig.Load("/nowhere/bridge.json", null, new Hashtable(), []).Problems).ToString(), StringComparison.Ordinal);

    // A setting that is added to an engine's settings must be reachable, or left out here with a reason.
    [Theory]
    [InlineData(typeof(MgcpSettings), typeof(MgcpSection), new[] { nameof(MgcpSettings.NotifiedEntity) /* Mgcp:CallAgent */, nameof(MgcpSettings.NotifiedEntities) /* the addresses of Mgcp:Listen */, nameof(MgcpSettings.BackupCallAgents) /* Mgcp:BackupCallAgents, an array there */ })]
    [InlineData(typeof(MgcpAdmission), typeof(MgcpSection), new string[0])]
    [InlineData(typeof(SipSettings), typeof(SipSection), new[] { nameof(SipSettings.Listeners) /* Sip:Listen */, nameof(SipSettings.RedirectHosts) /* Sip:RedirectHosts, an array there */, nameof(SipSettings.KeepHeaders) /* so is Sip:KeepHeaders */, nameof(SipSettings.Admission) /* Sip:Guard */ })]
    [InlineData(typeof(SipAdmission), typeof(SipGuardSection), new[] { nameof(SipAdmission.Scanners) /* an array there */ })]
    [InlineData(typeof(DialSettings), typeof(DialSection), new[] { nameof(DialSettings.ServiceCodes) /* Dial:ServiceCodes, a section there */ })]
    [InlineData(typeof(EngineSettings), typeof(BridgeSection), new[] { "Mgcp", "Admission", "Sip", "Dial", nameof(EngineSettings.Media) /* Media:…:Advertise */, nameof(EngineSettings.RouterDeadline) /* Routing:Deadline */, nameof(EngineSettings.AttendTimeout) /* Routing:AttendTimeout */, nameof(EngineSettings.Tones) /* Sounds:Country */, nameof(EngineSettings.HoldMusic) /* Media:HoldMusic */, nameof(EngineSettings.UnregisterAfter) /* Sip:UnregisterAfter */, nameof(EngineSettings.UtcOffset) /* the system's time zone */, nameof(EngineSettings.TellsMessages) /* Observability:Hep */ })]
    public void Every_setting_of_the_engine_is_a_setting(Type engine, Type section, string[] elsewhere)
    {
        foreach (var property in engine.GetProperties().Where(p => p.CanWrite && !elsewhere.Contains(p.Name)))
        {
            var setting = section.GetProperty(property.Name);
            Assert.True(setting is not null, $"{engine.Name}.{property.Name} cannot be configured");
            Assert.Equal(property.PropertyType, setting.PropertyType);
        }
    }

    [Fact]
    public void Settings_reach_the_engine()
    {
        // Every number and duration one step above its default, so that a line forgotten in the mapping shows.
        var config = new BridgeConfig();
        foreach (var section in (object[])[config.Mgcp, config.Sip, config.Sip.Guard, config.Dial, config.Bridge])
            foreach (var property in section.GetType().GetProperties())
                property.SetMethod?.Invoke(section, [property.GetValue(section) switch
                {
                    TimeSpan t => t + TimeSpan.FromMilliseconds(7),
                    int n => n + 1,
                    bool b => !b,
                    var other => other,
                }]);
        var model = _loading.Load().Bridge! with { Config = config };
        var settings = model.ToEngineSettings([NetAddress.FromIPv4(0x7F000001, 2727)], [], NetAddress.None);
        Assert.Equal("ca@[127.0.0.1]:2727", settings.Mgcp.NotifiedEntity);
        foreach (var (engine, section) in ((object, object)[])[(settings.Mgcp, config.Mgcp), (settings.Admission, config.Mgcp), (settings.Sip, config.Sip), (settings.Sip.Admission, config.Sip.Guard), (settings.Dial, config.Dial), (settings, config.Bridge), (settings, config.Sip)])
            foreach (var property in engine.GetType().GetProperties())
                if (section.GetType().GetProperty(property.Name) is { } setting && setting.PropertyType == property.PropertyType)
                    Assert.Equal(setting.GetValue(section), property.GetValue(engine));
    }

    [Fact]
    public void Service_codes_are_the_engine_s_own_unless_they_are_written_otherwise_or_empty()
    {
        Assert.Equal(ServiceCodes.Usual, _loading.Load().Bridge!.ServiceCodes);
        var model = _loading.Load("""
            { "Dial": { "ServiceCodes": { "WithholdNumber": "#31#", "ShowNumber": "*31#", "ForwardAlwaysOn": "*21*{number}#", "ForwardAlwaysOff": "#21#", "ForwardBusyOn": "*67*{number}#",
                                          "ForwardBusyOff": "", "ForwardNoAnswerOn": "*61{number}", "DoNotDisturbOn": "", "DoNotDisturbOff": "" } } }
            """).Bridge!;
        Assert.Equal(
            ["WithholdNumber #31#{number}", "ShowNumber *31#{number}", "ForwardAlwaysOn *21*{number}#", "ForwardAlwaysOff #21#", "ForwardBusyOn *67*{number}#", "ForwardNoAnswerOn *61{number}", "ForwardNoAnswerOff *93"],
            model.ServiceCodes.Select(code => $"{code.Action} {code}"));
        var settings = model.ToEngineSettings([model.MgcpListen[0].Address], [], NetAddress.None);
        Assert.Equal(model.ServiceCodes, settings.Dial.ServiceCodes);
    }

    [Fact]
    public void Every_setting_is_documented_and_its_default_is_in_its_range()
    {
        foreach (var setting in SettingBinder.Describe(new BridgeConfig()))
        {
            Assert.EndsWith(".", setting.About, StringComparison.Ordinal);
            if (setting.Range.Length == 0) continue;
            Assert.True(_loading.Problems(null, null, [$"--{setting.Path}={setting.Default}"]).Length == 0, $"{setting.Path}: the default {setting.Default} is refused");
        }
    }

    [Fact]
    public void A_wildcard_is_told_to_others_as_the_fallback()
    {
        var model = _loading.Load("""{ "Mgcp": { "Listen": "0.0.0.0:2727" }, "Sip": { "Listen": ["udp://[::]:5060"] } }""").Bridge!;
        var settings = model.ToEngineSettings([model.MgcpListen[0].Address], [(SipTransport.Udp, model.SipListen[0].Address)], NetAddress.FromIPv4(0x0A000005, 0));
        Assert.Equal("ca@[10.0.0.5]:2727", settings.Mgcp.NotifiedEntity);
        Assert.Equal(("10.0.0.5", 5060), (settings.Sip.Listeners[0].AdvertisedHost, settings.Sip.Listeners[0].AdvertisedPort));
    }
}
