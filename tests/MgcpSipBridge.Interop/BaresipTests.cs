using System.Net;
using MgcpSipBridge.SansIo;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>A softphone that people use: baresip, over TLS straight to the bridge, and over UDP behind Kamailio, which speaks TCP to the bridge.</summary>
public sealed class BaresipTests
{
    private const int Tone = 450;

    // baresip leaves it to the system where its RTP comes from: another loopback address than its SDP says, as if it were behind NAT.
    private const string Anywhere = "media: learnAnywhere";

    // Where it calls, its signalling comes from the address that its RTP comes from.
    private const string Learn = "media: learn";

    public BaresipTests()
    {
        Baresip.Require();
        Kamailio.Require();
        Bench.Require();
    }

    [Fact]
    public async Task A_softphone_is_called_over_TLS_holds_resumes_and_presses_keys()
    {
        using var authority = new Authority();
        var host = LoopbackHost.Claim();
        await using var baresip = await Baresip.Start(host, $"<sip:3003@{host};transport=tls>;regint=0", authority, Tone);
        await using var bench = await Bench.Start(host.At(5061), "tls", settings: new BenchSettings { Authority = authority, Peer = Anywhere, TelephoneEvents = true });
        await bench.Dials(bench.Alice, "3003");
        await baresip.Tells("CALL_INCOMING");
        await bench.Until("ringback", () => bench.Alice.Sound == PhoneSound.Ringback);
        await baresip.Does("accept");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.HearsMore(bench.Alice, Tone);

        await baresip.Does("hold");
        await bench.HearsNoMore(bench.Alice, Tone);
        await baresip.Does("resume");
        await bench.HearsMore(bench.Alice, Tone);

        // RFC 4733 both ways.
        await baresip.Does("sndcode", "5");
        await bench.Until("5 is heard", () => bench.Alice.KeysHeard.Contains('5', StringComparison.Ordinal));
        await bench.Do(now => bench.Alice.Press('7', now));
        await baresip.Until("7 is heard", () => baresip.KeysHeard == "7");

        await bench.Do(bench.Alice.OnHook);
        await baresip.Tells("CALL_CLOSED");
        await bench.EndsClean();
    }

    [Fact]
    public async Task A_softphone_calls_over_TLS_and_hears_keys_by_INFO()
    {
        using var authority = new Authority();
        var host = LoopbackHost.Claim();
        // Its connections come from there, too.
        await using var bench = await Bench.Start(NetAddress.From(IPAddress.Loopback, 5061), "tls", settings: new BenchSettings { Authority = authority, Peer = $"digits: info, {Learn}" });
        await using var baresip = await Baresip.Start(host, $"<sip:3003@{host};transport=tls>;regint=0;outbound=\"sip:{bench.Bridge.SipTls};transport=tls\"", authority, Tone);
        await baresip.Does("dial", $"sip:1002@{bench.Bridge.SipTls}");
        await baresip.Tells("CALL_RINGING");
        await bench.Answers(bench.Bob);
        await baresip.Tells("CALL_ESTABLISHED");
        await bench.HearsMore(bench.Bob, Tone);
        Assert.Equal("3003", bench.Bob.CallerId?.Number);
        await bench.Do(now => bench.Bob.Press('9', now));
        await baresip.Until("9 is heard", () => baresip.KeysHeard == "9");
        await baresip.Does("hangup");
        await bench.Until("the caller is gone", () => !bench.Bob.IsTalking);
        await bench.EndsClean();
    }

    /// <summary>No codec is shared, and keys are tones on the one side, telephone events on the other: the relay stands between.</summary>
    [Fact]
    public async Task A_softphone_talks_with_a_gateway_that_speaks_otherwise()
    {
        using var authority = new Authority();
        var host = LoopbackHost.Claim();
        await using var baresip = await Baresip.Start(host, $"<sip:3003@{host};transport=tls>;regint=0;audio_codecs=pcma", authority, Tone);
        await using var bench = await Bench.Start(host.At(5061), "tls", settings: new BenchSettings
        {
            Authority = authority,
            Peer = $"dtmf: rfc4733, {Anywhere}",
            Gateway = "dtmf: inband",
            Install = setup => setup with { Tones = true, Quirks = new GatewayQuirks { Codecs = ["PCMU"] } },
        });
        await bench.Dials(bench.Alice, "3003");
        await baresip.Tells("CALL_INCOMING");
        await baresip.Does("accept");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.HearsMore(bench.Alice, Tone);
        await baresip.Does("sndcode", "5");
        await bench.Until("5 is heard", () => bench.Alice.TonesHeard == "5");
        foreach (var key in "7#")
        {
            await bench.Do(now => bench.Alice.Press(key, now));
            await baresip.Until($"{key} is heard", () => baresip.KeysHeard.EndsWith(key));
        }

        Assert.Equal("7#", baresip.KeysHeard);
        await bench.HearsMore(bench.Alice, Tone);
        await bench.Do(bench.Alice.OnHook);
        await baresip.Tells("CALL_CLOSED");
        await bench.EndsClean();
    }

    // baresip's "srtp" offers keys under RTP/AVP and takes either; "srtp-mand" offers and takes RTP/SAVP alone. What it says is heard at the phone, and the phone's
    // key at its end: both ways were decrypted.
    [Theory]
    [InlineData("srtp", "required")]
    [InlineData("srtp-mand", "optional")]
    public async Task A_softphone_that_encrypts_is_called(string mediaenc, string srtp)
    {
        using var authority = new Authority();
        var host = LoopbackHost.Claim();
        await using var baresip = await Baresip.Start(host, $"<sip:3003@{host};transport=tls>;regint=0;mediaenc={mediaenc}", authority, Tone);
        await using var bench = await Bench.Start(host.At(5061), "tls", settings: new BenchSettings { Authority = authority, Peer = $"srtp: {srtp}, {Anywhere}", TelephoneEvents = true });
        await bench.Dials(bench.Alice, "3003");
        await baresip.Tells("CALL_INCOMING");
        await baresip.Does("accept");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.HearsMore(bench.Alice, Tone);
        await bench.Do(now => bench.Alice.Press('7', now));
        await baresip.Until("7 is heard", () => baresip.KeysHeard == "7");
        await bench.Bridge.Until("the call is encrypted", "/v1/calls", calls => calls.GetProperty("calls")[0].GetProperty("encrypted").GetBoolean());
        await baresip.Does("hold");
        await bench.HearsNoMore(bench.Alice, Tone);
        await baresip.Does("resume");
        await bench.HearsMore(bench.Alice, Tone);
        await bench.Do(bench.Alice.OnHook);
        await baresip.Tells("CALL_CLOSED");
        bench.HasSecrets = true;
        await bench.EndsClean();
    }

    [Theory]
    [InlineData("srtp", "required", true)]
    [InlineData("srtp-mand", "optional", true)]
    [InlineData("", "optional", false)]
    public async Task A_softphone_calls_encrypted_or_not(string mediaenc, string srtp, bool encrypted)
    {
        using var authority = new Authority();
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(NetAddress.From(IPAddress.Loopback, 5061), "tls", settings: new BenchSettings { Authority = authority, Peer = $"srtp: {srtp}, {Learn}", TelephoneEvents = true });
        var asked = mediaenc.Length == 0 ? "" : $";mediaenc={mediaenc}";
        await using var baresip = await Baresip.Start(host, $"<sip:3003@{host};transport=tls>;regint=0{asked};outbound=\"sip:{bench.Bridge.SipTls};transport=tls\"", authority, Tone);
        await baresip.Does("dial", $"sip:1002@{bench.Bridge.SipTls}");
        await bench.Answers(bench.Bob);
        await baresip.Tells("CALL_ESTABLISHED");
        await bench.HearsMore(bench.Bob, Tone);
        await bench.Do(now => bench.Bob.Press('9', now));
        await baresip.Until("9 is heard", () => baresip.KeysHeard == "9");
        await bench.Bridge.Until("it is known whether the call is encrypted", "/v1/calls", calls => calls.GetProperty("calls")[0].GetProperty("encrypted").GetBoolean() == encrypted);
        await baresip.Does("hangup");
        await bench.Until("the caller is gone", () => !bench.Bob.IsTalking);
        bench.HasSecrets = true;
        await bench.EndsClean();
    }

    [Fact]
    public async Task A_softphone_that_does_not_encrypt_is_refused_where_it_must()
    {
        using var authority = new Authority();
        var host = LoopbackHost.Claim();
        await using var bench = await Bench.Start(NetAddress.From(IPAddress.Loopback, 5061), "tls", settings: new BenchSettings { Authority = authority, Peer = $"srtp: required, {Learn}" });
        await using var baresip = await Baresip.Start(host, $"<sip:3003@{host};transport=tls>;regint=0;outbound=\"sip:{bench.Bridge.SipTls};transport=tls\"", authority, Tone);
        await baresip.Does("dial", $"sip:1002@{bench.Bridge.SipTls}");
        await baresip.Tells("CALL_CLOSED");
        await baresip.Until("488", () => baresip.Said.Contains("488", StringComparison.Ordinal));
        await bench.Do(_ => Assert.Empty(bench.Bob.History));
        await bench.EndsClean();
    }

    /// <summary>Kamailio stands in the way with two Record-Route headers, as it changes the transport (RFC 5658 §3.2 calls it double record-routing).</summary>
    [Fact]
    public async Task A_softphone_behind_a_proxy_that_records_its_route_twice()
    {
        using var authority = new Authority();
        await using var kamailio = await Kamailio.Start();
        await using var bench = await Bench.Start(kamailio.Address, "tcp", registers: true, new BenchSettings { Peer = Anywhere });
        var host = LoopbackHost.Claim();
        await using var baresip = await Baresip.Start(
            host, $"<sip:1003@{Kamailio.Realm};transport=udp>;auth_pass={Kamailio.PasswordOf("1003")};outbound=\"sip:{kamailio.Address};transport=udp\";regint=300", authority, Tone);
        await baresip.Registers();
        await bench.Dials(bench.Alice, "1003");
        await baresip.Tells("CALL_INCOMING");
        await baresip.Does("accept");
        await bench.Until("talking", () => bench.Alice.IsTalking);
        await bench.HearsMore(bench.Alice, Tone);
        await baresip.Does("hold");
        await bench.HearsNoMore(bench.Alice, Tone);
        await baresip.Does("resume");
        await bench.HearsMore(bench.Alice, Tone);
        await bench.Do(bench.Alice.OnHook);
        await baresip.Tells("CALL_CLOSED");

        // And back.
        await baresip.Does("dial", $"sip:1002@{Kamailio.Realm}");
        await bench.Answers(bench.Bob);
        await baresip.Tells("CALL_ESTABLISHED", 2);
        await bench.HearsMore(bench.Bob, Tone);
        await bench.Do(bench.Bob.OnHook);
        await baresip.Tells("CALL_CLOSED", 2);
        await bench.EndsClean();
    }

    /// <summary>Bob calls a group: Kamailio forks his INVITE to Alice's line and to baresip, and whoever comes second is cancelled.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_phones_ring_and_one_answers(bool alice)
    {
        using var authority = new Authority();
        await using var kamailio = await Kamailio.Start();
        await using var bench = await Bench.Start(kamailio.Address, registers: true, settings: new BenchSettings { Peer = Anywhere });
        var host = LoopbackHost.Claim();
        await using var baresip = await Baresip.Start(
            host, $"<sip:1003@{Kamailio.Realm};transport=udp>;auth_pass={Kamailio.PasswordOf("1003")};outbound=\"sip:{kamailio.Address};transport=udp\";regint=300", authority);
        await baresip.Registers();
        (bench.Alice.Voice, bench.Bob.Voice) = (600, Tone);
        await bench.Dials(bench.Bob, "1900");
        await baresip.Tells("CALL_INCOMING");
        await bench.Until("Alice's phone rings", () => bench.Alice.Sound == PhoneSound.Ringing);
        if (alice)
        {
            await bench.Answers(bench.Alice);
            await baresip.Tells("CALL_CLOSED");
            await bench.HearsMore(bench.Bob, 600);
        }
        else
        {
            await baresip.Does("accept");
            await bench.Until("Alice's phone is silent", () => bench.Alice.Sound == PhoneSound.Silence);
            await bench.HearsMore(bench.Bob, Tone);
        }

        await bench.Do(bench.Bob.OnHook);
        if (alice) await bench.Until("Bob is gone", () => !bench.Alice.IsTalking);
        else await baresip.Tells("CALL_CLOSED");
        await bench.EndsClean();
    }
}
