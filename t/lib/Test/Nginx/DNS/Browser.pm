package Test::Nginx::DNS::Browser;

# Debian's headless Chromium, driven over a pipe by its DevTools protocol.
#
#   my $b = Test::Nginx::DNS::Browser->new($t, width => 1440, height => 900);
#
#   $b->open($url);             waits until the page is loaded
#   $b->eval('1 + 1')           the value of an expression, promises too
#   $b->click('css selector')   as a user does, with the mouse
#   $b->screenshot($file, $height)
#                               of the whole page, or of so much of it, PNG
#   $b->requests                URLs that were asked for
#   $b->console                 what was written to the console, and errors
#
# Options: dark => 1.  Needs chromium-headless-shell.

use warnings;
use strict;

use IO::Handle;
use JSON::PP qw/ encode_json decode_json /;
use MIME::Base64 qw/ decode_base64 /;
use POSIX qw/ dup2 _exit /;
use Time::HiRes qw/ time sleep /;


sub new {
    my ($class, $t, %o) = @_;

    my $self = bless { id => 0, requests => [], console => [], buffer => '' },
        $class;

    pipe my $in, $self->{out} or die "pipe: $!\n";
    pipe $self->{in}, my $out or die "pipe: $!\n";

    $self->{pid} = fork() // die "fork: $!\n";

    if ($self->{pid} == 0) {
        alarm 0;
        $^F = 10;
        my ($r, $w) = (fileno $in, fileno $out);
        dup2($r, 200) && dup2($w, 201);
        dup2(200, 3) && dup2(201, 4);
        open STDOUT, '>>', $t->testdir() . '/chromium.log';
        open STDERR, '>&', \*STDOUT;

        { exec 'chromium-headless-shell', '--remote-debugging-pipe',
               '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
               '--disable-dev-shm-usage',
               '--user-data-dir=' . $t->testdir() . '/chromium',
               'about:blank'; }
        _exit(127);
    }

    close $in;
    close $out;
    $self->{out}->autoflush(1);

    my ($target) = grep { $_->{type} eq 'page' }
        @{$self->call('Target.getTargets')->{targetInfos}};

    $self->{session} = $self->call('Target.attachToTarget',
        targetId => $target->{targetId}, flatten => JSON::PP::true)
        ->{sessionId};

    $self->call("$_.enable") for qw/ Page Runtime Network Log /;
    $self->size($o{width} // 1440, $o{height} // 900);
    $self->call('Emulation.setEmulatedMedia', features => [
        { name => 'prefers-color-scheme', value => $o{dark} ? 'dark'
                                                            : 'light' } ]);

    return $self;
}


sub size {
    my ($self, $width, $height) = @_;

    $self->call('Emulation.setDeviceMetricsOverride', width => $width,
        height => $height, deviceScaleFactor => 1,
        mobile => $width < 600 ? JSON::PP::true : JSON::PP::false);
}


sub call {
    my ($self, $method, %params) = @_;

    my $id = ++$self->{id};

    print {$self->{out}} encode_json({ id => $id, method => $method,
        params => \%params,
        $self->{session} ? (sessionId => $self->{session}) : () }), "\0";

    for ( ;; ) {
        my $m = $self->message();

        next if ($m->{id} // 0) != $id;
        die "$method: $m->{error}{message}\n" if $m->{error};
        return $m->{result};
    }
}


# the next message; events are noted

sub message {
    my ($self) = @_;

    while ($self->{buffer} !~ /\0/) {
        sysread $self->{in}, $self->{buffer}, 65536, length $self->{buffer}
            or die "chromium has gone\n";
    }

    $self->{buffer} =~ s/^([^\0]*)\0//s;

    my $m = decode_json($1);
    my $p = $m->{params};

    if (($m->{method} // '') eq 'Network.requestWillBeSent') {
        push @{$self->{requests}}, $p->{request}{url};

    } elsif (($m->{method} // '') eq 'Runtime.consoleAPICalled') {
        push @{$self->{console}}, encode_json($p->{args});

    } elsif (($m->{method} // '') eq 'Runtime.exceptionThrown') {
        push @{$self->{console}}, encode_json($p->{exceptionDetails});

    } elsif (($m->{method} // '') eq 'Log.entryAdded') {
        push @{$self->{console}}, $p->{entry}{text} . ' '
                                  . ($p->{entry}{url} // '');

    } elsif (($m->{method} // '') eq 'Page.loadEventFired') {
        $self->{loaded} = 1;
    }

    return $m;
}


sub requests { @{$_[0]->{requests}} }
sub console { @{$_[0]->{console}} }


sub open {
    my ($self, $url) = @_;

    $self->{loaded} = 0;
    $self->call('Page.navigate', url => $url);
    $self->message() while !$self->{loaded};
}


sub eval {
    my ($self, $expression) = @_;

    my $r = $self->call('Runtime.evaluate', expression => $expression,
        returnByValue => JSON::PP::true, awaitPromise => JSON::PP::true);

    die "$expression: $r->{exceptionDetails}{exception}{description}\n"
        if $r->{exceptionDetails};

    return $r->{result}{value};
}


sub wait_for {
    my ($self, $expression, $timeout) = @_;

    my $end = time() + ($timeout // 5);

    for ( ;; ) {
        my $value = $self->eval($expression);

        return $value if $value || time() > $end;
        sleep 0.05;
    }
}


sub click {
    my ($self, $selector) = @_;

    my $at = $self->eval('(() => { const e = document.querySelector('
        . JSON::PP->new->allow_nonref->encode($selector)
        . '); if (!e) return null; e.scrollIntoView({ block: "center" });'
        . ' const r = e.getBoundingClientRect();'
        . ' return [ r.x + r.width / 2, r.y + r.height / 2 ]; })()')
        // die "nothing to click: $selector\n";

    $self->call('Input.dispatchMouseEvent', type => $_, x => $at->[0],
        y => $at->[1], button => 'left', clickCount => 1)
        for qw/ mousePressed mouseReleased /;
}


sub screenshot {
    my ($self, $file, $height) = @_;

    my ($width, $all) = @{$self->eval('[ document.documentElement.clientWidth,'
                                      . ' document.body.scrollHeight ]')};

    my $png = decode_base64($self->call('Page.captureScreenshot',
        captureBeyondViewport => JSON::PP::true,
        clip => { x => 0, y => 0, width => $width, scale => 1,
                  height => $height && $height < $all ? $height : $all },
        )->{data});

    CORE::open my $fh, '>', $file or die "$file: $!\n";
    print $fh $png;
    close $fh or die "$file: $!\n";
}


sub stop {
    my ($self) = @_;

    return if !$self->{pid};

    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    $self->{pid} = 0;
}


sub DESTROY {
    local ($?, $@);
    $_[0]->stop();
}


1;
