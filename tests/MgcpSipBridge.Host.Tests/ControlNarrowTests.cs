extern alias cli;

using cli::MgcpSipBridge.Cli;
using cli::MgcpSipBridge.V1;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;

namespace MgcpSipBridge.Host.Tests;

/// <summary>What mgcpsipctl writes on terminals with little room, and where there is none.</summary>
public sealed class ControlNarrowTests
{
    private static readonly string[] Headings = ["NUMBER", "STATE", "REGISTRATION", "GATEWAY", "NAME"];

    private static readonly string[][] Lines =
    [
        ["1001", "TALKING", "REGISTERED", "gw-in-the-cellar", "Alice"],
        ["+4930123456", "IDLE", "NOT_REGISTERED", "gw2", "山田太郎"],
    ];

    [Fact]
    public void Elsewhere_than_on_a_terminal_a_row_is_a_line() => Assert.Equal(
        """
        NUMBER       STATE    REGISTRATION    GATEWAY           NAME
        1001         TALKING  REGISTERED      gw-in-the-cellar  Alice
        +4930123456  IDLE     NOT_REGISTERED  gw2               山田太郎

        """,
        Written(null));

    [Fact]
    public void What_fits_stays_in_a_line() => Assert.Equal(Written(null), Written(64));

    [Fact]
    public void On_a_terminal_with_60_places_columns_that_do_not_fit_stand_below() => Assert.Equal(
        """
        NUMBER       STATE    REGISTRATION    GATEWAY
            NAME
        1001         TALKING  REGISTERED      gw-in-the-cellar
            Alice
        +4930123456  IDLE     NOT_REGISTERED  gw2
            山田太郎

        """,
        Written(60));

    [Fact]
    public void So_they_do_with_40() => Assert.Equal(
        """
        NUMBER       STATE    REGISTRATION
            GATEWAY           NAME
        1001         TALKING  REGISTERED
            gw-in-the-cellar  Alice
        +4930123456  IDLE     NOT_REGISTERED
            gw2               山田太郎

        """,
        Written(40));

    [Fact]
    public void Nothing_is_cut_in_whatever_room()
    {
        for (var room = 1; room < 80; room++)
            foreach (var cell in Lines.SelectMany(line => line)) Assert.Contains(cell, Written(room), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, "NUMBER       STATE    REGISTRATION   GATEWAY        NAME")]
    [InlineData(40, "NUMBER       STATE    REG…  GATE…  NAME")]
    [InlineData(22, "NUMBER       STATE")]
    public void A_table_that_is_drawn_again_keeps_numbers_and_states(int room, string headings)
    {
        using var drawn = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(drawn), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        (console.Profile.Width, console.Profile.Height) = (room, 24);
        console.Write(new LiveTable(Headings, Lines, "2 lines"));
        var lines = drawn.ToString().Split('\n').Select(line => line.TrimEnd()).ToArray();
        Assert.Equal(headings, lines[0]);
        Assert.StartsWith("1001         TALKING", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("+4930123456  IDLE", lines[2], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.True(cli::MgcpSipBridge.Cli.Columns.Width(line) <= room, line));
    }

    [Theory]
    [InlineData(null, 60)]
    [InlineData(200, 60)]
    [InlineData(80, 32)]
    [InlineData(60, 0)]
    [InlineData(40, 0)]
    public void A_ladder_s_lanes_fit_the_terminal_or_its_messages_are_listed(int? room, int lane)
    {
        Assert.Equal(lane, LadderDrawing.LaneIn(room));
        var ladder = new Ladder
        {
            Messages =
            {
                new LadderMessage { Offset = Duration.FromTimeSpan(TimeSpan.FromSeconds(0.015)), From = "gateway", To = "bridge", Protocol = "MGCP", FirstLine = "NTFY 3 aaln/1@gw1 MGCP 1.0", Detail = "O=D/5,D/5,D/5,D/1,D/2,D/3,D/4" },
                new LadderMessage { Offset = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)), From = "bridge", To = "peer", Protocol = "SIP", FirstLine = "INVITE sip:5551234@pbx.example.net SIP/2.0" },
            },
        };
        var lines = LadderDrawing.Draw(ladder, lane).TrimEnd('\n').Split('\n');
        if (lane == 0)
        {
            Assert.Equal(["   0.015 gateway > bridge: NTFY aaln/1  O=D/5,D/5,D/5,D/1,D/2,D/3,D/4", "   1.000 bridge > peer: INVITE sip:5551234@pbx.example.net"], lines);
            return;
        }

        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.True(line.Length <= (room ?? 135), line));
    }

    private static string Written(int? room)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new AnswerWriter(output, OutputFormat.Table, null, room).Many(new Empty(), Lines, Headings, line => line);
        return output.ToString();
    }
}
