using MgcpSipBridge.Host.Verbs;

namespace MgcpSipBridge.Host.Tests;

/// <summary>Music on hold as operators write it.</summary>
public sealed class HoldMusicTests
{
    [Fact]
    public void What_cannot_be_played_is_an_error_with_its_place()
    {
        using var loading = new Loading();
        Assert.Collection(
            loading.Problems("""{ "Media": { "HoldMusic": [ "tone:busy", "en/waiting" ] } }""", """peers: [{ name: pbx, uri: "sip:127.0.0.1:5070", holdMusic: ["silence=x"] }]"""),
            problem => Assert.Contains("Media:HoldMusic: \"tone:busy\" does not end", problem, StringComparison.Ordinal),
            problem => Assert.Contains("peers[0].holdMusic: \"x\" is not a number of seconds", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void A_sound_that_is_not_there_is_a_warning()
    {
        using var loading = new Loading();
        var loaded = loading.Load("""{ "Media": { "HoldMusic": [ "en/waiting", "silence=1" ] } }""", """
            peers:
              - { name: a, uri: "sip:127.0.0.1:5070", holdMusic: ["en/other"] }
              - { name: b, uri: "sip:127.0.0.2:5070", holdMusic: [none] }
              - { name: c, uri: "sip:127.0.0.3:5070" }
            """);
        Assert.Equal(["en/other", "", null], loaded.Lines!.Peers.Select(peer => peer.HoldMusic));
        using var output = new StringWriter();
        Assert.Equal(0, CheckVerb.Run(loaded, output));
        Assert.Contains("warning: Media:HoldMusic: there is no sound en/waiting in Sounds:Folder", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("warning: peer a: holdMusic: there is no sound en/other in Sounds:Folder", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("none", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_set_for_a_peer_and_taken_back()
    {
        await using var bridge = await LiveBridge.StartAsync();
        Assert.Equal("[]", (await bridge.PostAsync("/v1/peers", """{"name":"pbx","uri":"sip:127.0.0.1:5070"}"""))["holdMusic"]!.ToJsonString());
        Assert.Equal("""["en/waiting","silence=1"]""", (await bridge.PatchAsync("/v1/peers/pbx", """{"holdMusic":["en/waiting","silence=1"]}"""))["holdMusic"]!.ToJsonString());
        Assert.Equal("""["none"]""", (await bridge.PatchAsync("/v1/peers/pbx", """{"holdMusic":["none"]}"""))["holdMusic"]!.ToJsonString());
        Assert.Equal("[]", (await bridge.PatchAsync("/v1/peers/pbx?updateMask=holdMusic", """{"holdMusic":[]}"""))["holdMusic"]!.ToJsonString());
    }
}
