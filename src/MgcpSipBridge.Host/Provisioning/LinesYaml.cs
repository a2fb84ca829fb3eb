using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Media;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>Reads lines.yaml: its shape, not its sense (that is <see cref="ProvisioningValidator"/>'s).</summary>
internal static class LinesYaml
{
    private static readonly (string, SourceLearning)[] MediaWords = [("strict", SourceLearning.Strict), ("learn", SourceLearning.Learn), ("learnAnywhere", SourceLearning.LearnAnywhere)];

    private static readonly (string, DtmfForm)[] PeerDtmfWords =
        [("auto", DtmfForm.Unchanged), ("rfc4733", DtmfForm.Events), ("inband", DtmfForm.InBand), ("info", DtmfForm.OutOfBand)];

    private static readonly (string, DtmfForm)[] GatewayDtmfWords =
        [("auto", DtmfForm.Unchanged), ("rfc4733", DtmfForm.Events), ("inband", DtmfForm.InBand), ("notify", DtmfForm.OutOfBand)];

    // What the peer's dtmf was called before it had more than two.
    private static readonly (string, DtmfForm)[] DigitsWords = [("sound", DtmfForm.Unchanged), ("info", DtmfForm.OutOfBand)];

    private static readonly (string, FaxHandling)[] FaxWords =
        [("auto", FaxHandling.Auto), ("t38", FaxHandling.T38), ("passthrough", FaxHandling.Passthrough), ("off", FaxHandling.Off)];

    private static readonly (string, FaxHandling?)[] LineFaxWords = [.. FaxWords.Select(one => (one.Item1, (FaxHandling?)one.Item2))];

    private static readonly (string, DigitMapQuirks?)[] QuirkWords = [.. Enum.GetValues<DigitMapQuirks>().Select(q => (TraitView.Word(q), (DigitMapQuirks?)q))];

    private static readonly (string, ResponseSource?)[] AnswerWords = [.. Enum.GetValues<ResponseSource>().Select(s => (TraitView.Word(s), (ResponseSource?)s))];

    private static readonly (string, SipRegistrationMode)[] RegistrationWords =
        [("perLine", SipRegistrationMode.PerLine), ("trunk", SipRegistrationMode.Trunk), ("none", SipRegistrationMode.None)];

    private static readonly (string, NumberDirection)[] DirectionWords = [("toPeer", NumberDirection.ToPeer), ("fromPeer", NumberDirection.FromPeer)];

    /// <summary>What the text provisions; problems go where the others are.</summary>
    public static ProvisioningConfig Read(string file, string text, ConfigProblems problems) => new LinesReader().Read(file, text, problems);

    /// <summary>The same of a text in any shape, from its beginning to its end.</summary>
    internal static ProvisioningConfig ReadWhole(string file, string text, ConfigProblems problems)
    {
        if (YamlTree.Read(file, text, problems) is not { } tree || MapReader.Open(tree, "", problems) is not { } root) return ProvisioningConfig.Empty;
        var config = new ProvisioningConfig
        {
            Peers = root.List("peers", ReadPeer),
            Gateways = root.List("gateways", ReadGateway),
            Routes = root.List("routes", ReadRoute),
        };
        root.Close();
        return config;
    }

    internal static PeerConfig ReadPeer(MapReader map) => new(map.Written)
    {
        Name = map.Required("name"),
        Uri = map.Required("uri"),
        Registration = map.OneOf("registration", SipRegistrationMode.None, RegistrationWords),
        Realm = map.Text("realm"),
        Username = map.Text("username"),
        Password = map.Text("password"),
        Media = map.OneOf("media", SourceLearning.Strict, MediaWords),
        Dtmf = map.OneOf("dtmf", DtmfForm.Unchanged, PeerDtmfWords) is var dtmf && map.OneOf("digits", DtmfForm.Unchanged, DigitsWords) is var digits && dtmf == DtmfForm.Unchanged ? digits : dtmf,
        Fax = map.OneOf("fax", FaxHandling.Auto, FaxWords),
        Srtp = map.OneOf("srtp", SrtpPolicy.Off, ("off", SrtpPolicy.Off), ("optional", SrtpPolicy.Optional), ("required", SrtpPolicy.Required)),
        Trusted = map.Flag("trusted", true),
        SubscribesToMessages = map.Flag("subscribesToMessages", false),
        CallerFrom = map.OneOf("callerFrom", SipIdentityHeader.PAssertedIdentity, IdentityWords),
        CallerIn = map.OneOf("callerIn", SipIdentityHeader.From, IdentityWords),
        LocalAddress = map.Text("localAddress"),
        Challenge = map.Flag("challenge", false),
        BackupUris = map.Texts("backupUris"),
        HoldMusic = map.Texts("holdMusic"),
        NumbersOut = map.List("numbersOut", ReadNumberRule),
        NumbersIn = map.List("numbersIn", ReadNumberRule),
        UserPhone = map.Flag("userPhone", false),
    };

    private static NumberRuleConfig ReadNumberRule(MapReader map) => new(map.Written)
    {
        Prefix = map.Text("prefix") ?? "",
        StripDigits = map.Number("stripDigits", 0, 64, 0)!.Value,
        Prepend = map.Text("prepend") ?? "",
        MinDigits = map.Number("minDigits", 0, 64, 0)!.Value,
        MaxDigits = map.Number("maxDigits", 0, 64, 0)!.Value,
    };

    private static readonly (string, SipIdentityHeader)[] IdentityWords =
    [
        ("from", SipIdentityHeader.From), ("pAssertedIdentity", SipIdentityHeader.PAssertedIdentity),
        ("pPreferredIdentity", SipIdentityHeader.PPreferredIdentity), ("remotePartyId", SipIdentityHeader.RemotePartyId),
    ];

    internal static GatewayConfig ReadGateway(MapReader map)
    {
        var gateway = new GatewayConfig(map.Written)
        {
            Name = map.Required("name"),
            Domain = map.Required("domain"),
            Address = map.Text("address"),
            AlsoFrom = map.Texts("alsoFrom"),
            Profile = map.OneOf("profile", MgcpProfile.Auto,
                ("auto", MgcpProfile.Auto), ("rfc3435", MgcpProfile.Rfc3435), ("ncs", MgcpProfile.Ncs), ("cisco", MgcpProfile.Cisco)),
            Media = map.OneOf("media", SourceLearning.Strict, MediaWords),
            Dtmf = map.OneOf("dtmf", DtmfForm.Unchanged, GatewayDtmfWords),
            Fax = map.OneOf("fax", FaxHandling.Auto, FaxWords),
            Lines = map.List("lines", ReadLine),
        };
        if (map.Map("configuration") is { } told)
        {
            gateway = gateway with
            {
                Configuration = new ConfigurationConfig(told.Written)
                {
                    Bearer = told.OneOf("bearer", (BearerEncoding?)null, ("aLaw", BearerEncoding.ALaw), ("muLaw", BearerEncoding.MuLaw)),
                    Parameters = told.Texts("parameters"),
                },
            };
            told.Close();
        }

        if (map.Map("traits") is not { } traits) return gateway;
        gateway = gateway with { Traits = ReadTraits(traits), TraitsWritten = traits.Written };
        traits.Close();
        return gateway;
    }

    private static TraitOverrides ReadTraits(MapReader map) => new()
    {
        Version = map.Text("version"),
        DigitMaps = map.Choice("digitMaps"),
        MaxDigitMapBytes = map.Number("maxDigitMapBytes", 32, 60_000, null),
        DigitMapQuirks = map.OneOf("digitMapQuirks", (DigitMapQuirks?)null, QuirkWords),
        DigitPackage = map.OneOf("digitPackage", null, ("D", "D"), ("L", "L")),
        CallProgressPackage = map.OneOf("callProgressPackage", null, ("G", "G"), ("L", "L")),
        Piggyback = map.Choice("piggyback"),
        EncapsulatedRequests = map.Choice("encapsulatedRequests"),
        CallerId = map.Choice("callerId"),
        ExplicitToneStop = map.Choice("explicitToneStop"),
        LoopMode = map.Choice("loopMode"),
        ConfirmAnswers = map.Choice("confirmAnswers"),
        Answers = map.OneOf("answers", (ResponseSource?)null, AnswerWords),
        DefaultPackage = map.Text("defaultPackage"),
        LinePackage = map.OneOf("linePackage", null, ("L", "L"), ("BL", "BL"), ("H", "H")),
        Packages = map.Text("packages"),
        OneAtATime = map.Choice("oneAtATime"),
        EntityInConnections = map.Choice("entityInConnections"),
        BulkAudit = map.Choice("bulkAudit"),
        EmbeddedRequests = map.Choice("embeddedRequests"),
        DetectEvents = map.Choice("detectEvents"),
        PersistentEvents = map.Choice("persistentEvents"),
        PersistentHook = map.Choice("persistentHook"),
    };

    internal static LineConfig ReadLine(MapReader map)
    {
        var line = new LineConfig(map.Written)
        {
            Endpoint = map.Required("endpoint"),
            Number = map.Required("number"),
            DisplayName = map.Text("displayName"),
            Peer = map.Required("peer"),
            Username = map.Text("username"),
            Password = map.Text("password"),
            Fax = map.OneOf("fax", (FaxHandling?)null, LineFaxWords),
        };
        if (map.Map("features") is not { } features) return line;
        line = line with { Features = ReadFeatures(features), FeaturesWritten = features.Written };
        features.Close();
        return line;
    }

    private static LineFeatures ReadFeatures(MapReader map) => new()
    {
        CallWaiting = map.Flag("callWaiting", true),
        ThreeWay = map.Flag("threeWay", true),
        Transfer = map.Flag("transfer", true),
        CallerId = map.Flag("callerId", true),
        MessageWaiting = map.Flag("messageWaiting", true),
        Hotline = map.Text("hotline"),
        HotlineDelay = TimeSpan.FromSeconds(map.Number("hotlineDelay", 0, 60, 0)!.Value),
        ForwardAlways = map.Text("forwardAlways"),
        ForwardBusy = map.Text("forwardBusy"),
        ForwardNoAnswer = map.Text("forwardNoAnswer"),
        DoNotDisturb = map.Flag("doNotDisturb", false),
        WithholdNumber = map.Flag("withholdNumber", false),
        PrivacyCodes = map.Flag("privacyCodes", true),
        DoNotDisturbCodes = map.Flag("doNotDisturbCodes", true),
        ForwardingCodes = map.Flag("forwardingCodes", true),
    };

    private static T? Inside<T>(MapReader map, string name, Func<MapReader, T> read)
        where T : class
    {
        if (map.Map(name) is not { } inner) return null;
        var found = read(inner);
        inner.Close();
        return found;
    }

    private static RewriteConfig ReadRewrite(MapReader map) => new(map.Written)
    {
        StripDigits = map.Number("stripDigits", 0, 64, 0)!.Value,
        Prepend = map.Text("prepend") ?? "",
        Regex = map.Text("regex"),
        Replace = map.Text("replace"),
    };

    internal static RouteConfig ReadRoute(MapReader map) => new(map.Written)
    {
        Name = map.Required("name"),
        Prefix = map.Text("prefix"),
        Peer = map.Required("peer"),
        Priority = map.Number("priority", 0, 65_535, 0)!.Value,
        StripDigits = map.Number("stripDigits", 0, 64, 0)!.Value,
        Prepend = map.Text("prepend") ?? "",
        Failover = map.Texts("failover"),
        MinDigits = map.Number("minDigits", 0, 64, null),
        MaxDigits = map.Number("maxDigits", 0, 64, 0)!.Value,
        Direction = map.OneOf("direction", NumberDirection.ToPeer, DirectionWords),
        Regex = map.Text("regex"),
        Weight = map.Number("weight", 0, 65_535, 0)!.Value,
        From = map.Texts("from"),
        Called = Inside(map, "called", ReadRewrite),
        Caller = Inside(map, "caller", ReadRewrite),
        Schedule = Inside(map, "schedule", static inner => new ScheduleConfig(inner.Written)
        {
            TimeZone = inner.Text("timeZone"),
            Times = inner.Texts("times"),
            Weekdays = inner.Texts("weekdays"),
            Dates = inner.Texts("dates"),
        }),
    };
}
