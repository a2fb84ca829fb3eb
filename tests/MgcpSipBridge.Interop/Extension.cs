using System.Net;
using System.Text.Json;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.Interop;

/// <summary>A line of the <see cref="Exchange"/> with its phone, the host of its PBX, and another PBX.</summary>
internal sealed class Extension(Exchange exchange, int index, PbxKind kind) : IAsyncDisposable
{
    public Exchange Exchange => exchange;

    public int Index => index;

    public PbxKind Kind => kind;

    /// <summary>Where sipp plays the line's PBX.</summary>
    public LoopbackHost Pbx { get; } = LoopbackHost.Claim();

    /// <summary>Where sipp plays another one.</summary>
    public LoopbackHost Other { get; } = LoopbackHost.Claim();

    public string Peer => $"p{index:00}";

    public string Endpoint => $"aaln/{index}";

    public string Number => $"10{index:00}";

    public string DisplayName => kind == PbxKind.Long ? new string('L', 900) : $"Phone {index}";

    /// <summary>A number behind the PBX.</summary>
    public string Outside => $"2{index:00}0";

    /// <summary>A number behind the other one.</summary>
    public string Elsewhere => $"3{index:00}0";

    /// <summary>A number behind the PBX that may be longer.</summary>
    public string Longer => $"4{index:00}0";

    /// <summary>A number behind the PBX, and behind the other one should that fail.</summary>
    public string FailsOver => $"5{index:00}0";

    /// <summary>The line in the API.</summary>
    public string Path => $"/v1/gateways/gw1/lines/{Number}";

    public SimulatedPhone Phone => exchange.Gateway.Phone(Endpoint);

    internal string Transport => kind switch { PbxKind.Tcp => ";transport=tcp", PbxKind.Long => "", _ => ";transport=udp" };

    private string SippTransport => kind is PbxKind.Tcp or PbxKind.Long ? "t1" : "u1";

    internal string Settings => kind switch
    {
        PbxKind.Digits => ", digits: info",
        PbxKind.Asserted => ", callerFrom: pAssertedIdentity, callerIn: pAssertedIdentity",
        PbxKind.RemoteParty => ", callerFrom: remotePartyId, callerIn: remotePartyId",
        PbxKind.Untrusted => ", trusted: false",
        _ => "",
    };

    /// <summary>sipp as the line's PBX that is called.</summary>
    public Task<Sipp> IsAnsweredBy(string scenario, params (string, string)[] values) => Sipp.Answer(scenario, Pbx, transport: SippTransport, values: values);

    /// <summary>sipp as the line's PBX that calls the line.</summary>
    public Sipp IsCalledBy(string scenario, params (string, string)[] values) =>
        Sipp.Call(scenario, Pbx, Number, kind == PbxKind.Tcp ? exchange.Bridge.SipTcp : exchange.Bridge.SipUdp, transport: SippTransport, values: values);

    public Task Does(Action<SimulatedPhone, SansIo.Instant> action) => exchange.Do(now => action(Phone, now));

    /// <summary>Waits until something holds of the phone.</summary>
    public Task Until(string what, Func<SimulatedPhone, bool> condition, TimeSpan? limit = null) =>
        exchange.Until(what, () => condition(Phone), limit ?? Bench.Patience, () => Bench.Describe(Phone));

    /// <summary>Waits until the phone has sounded so, be it that it does not any more.</summary>
    public Task Sounded(PhoneSound sound) => Until($"{sound}", phone => phone.History.Exists(h => h.Sound == sound));

    /// <summary>The phone has not made a sound.</summary>
    public Task WasSilent() => Does((phone, _) => Assert.Empty(phone.History));

    /// <summary>Lifts the handset, waits for dial tone, dials.</summary>
    public async Task Dials(string number)
    {
        await Does((phone, now) =>
        {
            Assert.Equal(PhoneSound.Silence, phone.Sound);
            phone.OffHook(now);
        });
        await Until("dial tone", phone => phone.Sound == PhoneSound.DialTone);
        await Does((phone, now) => phone.Dial(number, TimeSpan.FromMilliseconds(60), now));
    }

    /// <summary>Dials and waits for the answer.</summary>
    public async Task Calls(string number)
    {
        await Dials(number);
        await Until("talking", phone => phone.IsTalking);
    }

    /// <summary>Lifts the ringing handset.</summary>
    public async Task Lifts()
    {
        await Until("ringing", phone => phone.Sound == PhoneSound.Ringing);
        await Does((phone, now) => phone.OffHook(now));
    }

    /// <summary>Lifts the ringing handset and waits until the caller is there.</summary>
    public async Task Answers()
    {
        await Lifts();
        await Until("talking", phone => phone.IsTalking);
    }

    public Task HangsUp() => Does((phone, now) => phone.OnHook(now));

    /// <summary>Waits until the phone has heard a tone for a fifth of a second more.</summary>
    public async Task Hears(int frequency)
    {
        var before = 0;
        await Does((phone, _) => before = phone.HeardFrequencies.GetValueOrDefault(frequency));
        await Until($"{frequency} Hz is heard", phone => phone.HeardFrequencies.GetValueOrDefault(frequency) >= before + 10);
    }

    /// <summary>Waits until nothing of a tone was heard for a while.</summary>
    public Task HearsNoMore(int frequency)
    {
        var silent = Bench.Silent(Phone, frequency);
        return Until($"{frequency} Hz is not heard any more", _ => silent());
    }

    /// <summary>The ladder of the line's live call: each message's first line, its detail and how often it was repeated.</summary>
    public async Task<List<(string From, string FirstLine, string Detail, int Repeated)>> Ladder()
    {
        var calls = (await exchange.Bridge.Get("/v1/calls")).GetProperty("calls").EnumerateArray();
        if (calls.FirstOrDefault(c => c.GetProperty("line").GetString() == Number) is not { ValueKind: JsonValueKind.Object } call) return [];
        JsonElement messages;
        try
        {
            messages = (await exchange.Bridge.Get($"/v1/calls/{call.GetProperty("id").GetString()}/ladder")).GetProperty("messages");
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // It has ended in between.
            return [];
        }

        return
        [
            .. messages.EnumerateArray().Select(m => (
                m.GetProperty("from").GetString()!, m.GetProperty("firstLine").GetString()!, m.GetProperty("detail").GetString()!, m.GetProperty("repeated").GetInt32())),
        ];
    }

    /// <summary>Waits until so many messages of the live call's ladder begin so.</summary>
    public Task UntilTold(string beginning, int count = 1) => UntilTold(m => m.FirstLine.StartsWith(beginning, StringComparison.Ordinal), count);

    /// <summary>Waits until so many messages of the live call's ladder are as wanted.</summary>
    public async Task UntilTold(Func<(string From, string FirstLine, string Detail, int Repeated), bool> wanted, int count = 1)
    {
        for (var waited = TimeSpan.Zero; waited < Bench.Patience; waited += TimeSpan.FromMilliseconds(50))
        {
            if ((await Ladder()).Count(wanted) >= count) return;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"Not told:\n{await exchange.Bridge.Ladders()}\n{exchange.Bridge.Said}");
    }

    /// <summary>The line's PBX takes a call: it may have been away in a test before this one, and would be tried last for five minutes.</summary>
    public async Task IsHeard()
    {
        await using var sipp = await IsAnsweredBy("called-answer");
        await Calls(Outside);
        await HangsUp();
        await sipp.Succeeds();
        await Rests();
    }

    /// <summary>Hangs up if need be, and waits until nothing is left of any call.</summary>
    public async Task Rests()
    {
        await HangsUp();
        await Until("no connection is left", phone => phone.Connections.Count == 0 && phone.Sound == PhoneSound.Silence);
        await exchange.Bridge.Until("the line is idle", Path, l => l.GetProperty("state").GetString() == "IDLE");
    }

    /// <summary>Back to the exchange. After a test that failed half-way the line may be in any state; it has to get out of that.</summary>
    public async ValueTask DisposeAsync()
    {
        await Does((phone, now) =>
        {
            phone.OnHook(now);
            phone.Voice = 0;
            phone.HeardFrequencies.Clear();
            phone.History.Clear();
        });
        exchange.GiveBack(this);
    }
}
