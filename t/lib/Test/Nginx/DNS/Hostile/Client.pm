package Test::Nginx::DNS::Hostile::Client;

# Clients that do what they should not.  Each of these does not return:
#
#   run_datagrams($ports, $seed, $rate)
#   run_connections($ports, $seed)
#
# $ports are those of nginx: { udp, tcp, tls, udp_proxy, tcp_proxy, http }, and
# that of a server, "hostile", whose state may be changed by hand.  A
# client of connections plays one act after the other, in an order that the
# seed gives; each is a function below, with an object that holds what it
# opened until its end.

use warnings;
use strict;

use Exporter qw/ import /;
use IO::Socket::IP;
use IO::Socket::SSL;
use MIME::Base64 qw/ encode_base64 /;
use Socket qw/ SOL_SOCKET SO_RCVBUF SO_LINGER /;
use Time::HiRes qw/ sleep time /;

use Test::Nginx::DNS::Hostile::Message;
use Test::Nginx::DNS::Message qw/ encode /;

our @EXPORT = qw/ run_datagrams run_connections /;

my $signature = "\r\n\r\n\0\r\nQUIT\n";

my @acts = (
    \&idle_then_transfer, \&idle_then_transfer, \&unread_pipelines,
    \&transfer_and_pipeline, \&transfer_and_pipeline, \&unread_transfers,
    \&half_sent, \&garbage, \&half_handshakes, \&over_tls, \&over_tls,
    \&behind_a_proxy, \&come_and_go, \&over_https, \&operators,
);


# ----------------------------------------------------------------- datagrams

sub run_datagrams {
    my ($ports, $seed, $rate) = @_;

    srand $seed;

    my @sockets = map { my $port = $_; map {
        my $s = IO::Socket::IP->new(Proto => 'udp', PeerHost => '127.0.0.1',
                                    PeerPort => $port) or die "$@\n";
        $s->blocking(0);
        [ $s, $port == $ports->{udp_proxy} ]
    } 1 .. 4 } $ports->{udp}, $ports->{udp_proxy};

    my ($begun, $sent) = (time(), 0);

    for ( ;; ) {
        my $due = (time() - $begun) * $rate;

        # what could not be sent in time is not made up for

        $sent = $due - 200 if $sent < $due - 200;

        while ($sent++ < $due) {
            my ($socket, $proxied) = @{pick(@sockets)};
            my ($id, $m) = hostile_query();

            $m = proxy_header() . $m if $proxied;

            send $socket, $m, 0;

            for (1 .. 2) {
                recv $socket, my $answer, 65535, 0;
                learn_cookie($answer) if defined $answer;
            }
        }

        sleep 0.005;
    }
}


sub proxy_header {
    my $addresses = pick(
        pack('C4C4nn', 192, 0, 2, int rand 256, 127, 0, 0, 1, 4444, 53),
        pack('C16C16nn', (map { int rand 256 } 1 .. 32), 4444, 53), '',
        join '', map { chr int rand 256 } 1 .. rand 60);
    my $family = length $addresses == 12 ? 0x12
                 : length $addresses == 36 ? 0x22 : int rand 256;

    my $header = $signature . pack 'CCn/a*',
        rand() < 0.9 ? 0x21 : int rand 256,
        rand() < 0.9 ? $family : int rand 256, $addresses;

    return rand() < 0.1 ? spoil($header) : $header;
}


# --------------------------------------------------------------- connections

sub run_connections {
    my ($ports, $seed) = @_;

    srand $seed;

    for ( ;; ) {
        my $self = bless { ports => $ports, open => [] };

        # a handshake that nobody answers must not stop this client

        eval {
            local $SIG{ALRM} = sub { die "late\n" };
            alarm 10;
            pick(@acts)->($self);
            alarm 0;
        };

        alarm 0;
        $self->end();
    }
}


sub connection {
    my ($self, %o) = @_;

    my $s = IO::Socket::IP->new(Proto => 'tcp', PeerHost => '127.0.0.1',
        PeerPort => $self->{ports}{$o{to} // 'tcp'}, Timeout => 2,
        $o{rcvbuf} ? (Sockopts => [ [ SOL_SOCKET, SO_RCVBUF, $o{rcvbuf} ] ])
                   : ()) or return;

    $s->blocking(0);
    push @{$self->{open}}, $s;

    return $s;
}


# half of them are reset

sub end {
    my ($self) = @_;

    for my $s (@{$self->{open}}) {
        setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
            if rand() < 0.5;
        CORE::close $s;
    }
}


sub framed { join '', map { pack 'n/a*', $_ } @_ }


sub ask {
    my ($name, $type) = @_;

    return encode(id => int rand 65536, flags => 0x0100,
                  question => [ $name, $type ]);
}


sub put { my ($s, $bytes) = @_; syswrite $s, $bytes if $s }


sub drain {
    my ($s, $seconds) = @_;

    my $end = time() + $seconds;

    while (time() < $end) {
        my $n = sysread $s, my $in, 262144;

        last if defined $n && $n == 0;
        sleep 0.01 if !$n;
    }
}


# More connections than there is room for, then a transfer on the oldest

sub idle_then_transfer {
    my ($self) = @_;

    my $n = pick(5, 20, 30, 59, 62, 40 + int rand 60);
    my @all = grep { $_ } map { $self->connection() } 1 .. $n;

    if (rand() < 0.5) {
        put($_, framed(ask('host.test', 'A'))) for @all;
        sleep 0.1;
    }

    sleep rand 0.3;

    for my $s (grep { $_ } @all[0 .. 2]) {
        put($s, framed(ask(pick('a', 'big', 'break') . '-1.hostile.test',
                           pick('AXFR', 'AXFR', 'IXFR'))));
        sleep rand 0.1;
    }

    drain($all[0], 0.3) if @all;
}


# Pipelines for answers that nobody reads, beside such as are read late

sub unread_pipelines {
    my ($self) = @_;

    for (1 .. 24) {
        put($self->connection(rcvbuf => 2048), framed(map {
            ask('big-' . int(rand 200) . '.hostile.test', 'TXT')
        } 1 .. 127));
    }

    my @others = map { $self->connection() } 1 .. 12;

    for (1 .. 4) {
        put($_, framed(map { ask('a-' . int(rand 500) . '.hostile.test', 'A')
                       } 1 .. 40)) for @others;
        sleep 0.3;
    }

    drain($_, 0.05) for grep { $_ } @others;
}


# A transfer that breaks off, with queries behind it

sub transfer_and_pipeline {
    my ($self) = @_;

    for (1 .. 1 + rand 4) {
        my $s = $self->connection(rcvbuf => pick(undef, 2048)) or next;

        put($s, framed(ask(pick('break', 'break', 'big') . '-'
                           . int(rand 500) . '.hostile.test', 'AXFR'),
                       map { ask(pick('a', 'silent', 'big') . '-'
                                 . int(rand 500) . '.hostile.test', 'A')
                       } 1 .. 200));
    }

    sleep 0.5 + rand 2;

    drain($_, 0.05) for @{$self->{open}};
}


sub unread_transfers {
    my ($self) = @_;

    put($self->connection(rcvbuf => 2048),
        framed(ask('huge-' . int(rand 50) . '.hostile.test', 'AXFR')))
        for 1 .. 10 + rand 60;

    sleep 1 + rand 2;
}


sub half_sent {
    my ($self) = @_;

    for (1 .. 5 + rand 40) {
        my $bytes = framed(ask('a-1.hostile.test', 'A'));

        put($self->connection(to => pick(qw/ tcp tcp tcp_proxy tls /)),
            substr $bytes, 0, int rand length $bytes);
    }

    for (1 .. 20) {
        put($_, chr int rand 256) for @{$self->{open}};
        sleep 0.05 + rand 0.1;
    }
}


sub garbage {
    my ($self) = @_;

    for (1 .. 5 + rand 20) {
        my $s = $self->connection() or next;

        put($s, join '', map {
            my ($id, $m) = hostile_query();
            rand() < 0.95 ? framed($m) : pack('n', int rand 65536) . $m
        } 1 .. 1 + rand 60);

        drain($s, rand 0.1) if rand() < 0.5;
        shutdown $s, 1 if rand() < 0.2;
    }

    sleep rand 0.5;
}


sub half_handshakes {
    my ($self) = @_;

    my $hello = pack('H*', '16030100c8010000c40303');

    put($self->connection(to => 'tls'), pick($hello, substr($hello, 0, 3),
        $hello . ("\0" x int rand 300), 'GET / HTTP/1.0', ''))
        for 1 .. 5 + rand 40;

    sleep 1 + rand 1;
}


sub over_tls {
    my ($self) = @_;

    for (1 .. 1 + rand 6) {
        my $s = $self->connection(to => 'tls') or next;

        $s->blocking(1);

        IO::Socket::SSL->start_SSL($s, SSL_verify_mode => 0, Timeout => 2)
            or next;

        $s->blocking(0);
        put($s, framed(map { (hostile_query())[1] } 1 .. 1 + rand 60));
        put($s, framed(ask('big-1.hostile.test', pick('TXT', 'AXFR'))));
        drain($s, rand 0.3) if rand() < 0.7;
    }
}


# HTTPS without TLS: what is inside is the same

sub over_https {
    my ($self) = @_;

    for (1 .. 2 + rand 20) {
        my $s = $self->connection(to => 'http') or next;

        put($s, join '', map { request((hostile_query())[1]) } 1 .. 1 + rand 8);
        drain($s, rand 0.2) if rand() < 0.6;
    }

    sleep rand 0.5;
}


sub request {
    my ($m) = @_;

    if (rand() < 0.5) {
        my $length = rand() < 0.9 ? length $m : int rand 70000;
        my $type = pick('dns-message', 'dns-message', 'json');

        return "POST /query HTTP/1.1\r\nHost: a\r\n"
               . "Content-Type: application/$type\r\n"
               . "Content-Length: $length\r\n\r\n$m";
    }

    my $text = encode_base64($m, '') =~ tr!+/=!-_!dr;

    substr($text, int rand length $text) = ''
        if length $text && rand() < 0.1;

    return pick('GET', 'GET', 'HEAD') . ' /query?' . pick('', 'a=b&')
           . "dns=$text HTTP/1.1\r\nHost: a\r\n\r\n";
}


# Pages, and what can be changed by hand; "up" and "down" do not last

sub operators {
    my ($self) = @_;

    my $server = "127.0.0.1:$self->{ports}{hostile}";
    my $name = pick('a-1', 'big-3', 'x' x 70) . '.hostile.test';

    for (1 .. 2 + rand 10) {
        my $s = $self->connection(to => 'http') or next;

        put($s, join '', map { "$_ HTTP/1.1\r\nHost: a\r\n\r\n" } map { pick(
            'GET /status', 'GET /metrics', 'GET /page', 'GET /ready',
            'HEAD /status', 'GET /dns/ready?state=down',
            'POST /dns/caches/answers/purge',
            "POST /dns/caches/answers/purge?name=$name&below=1",
            "POST /dns/caches/answers/purge?name=$name&type="
                . pick('A', 'TXT', 65536),
            "POST /dns/upstreams/hostile/$server?state="
                . pick(qw/ up down auto auto other /),
            "POST /dns/upstreams/" . pick('none', '%ff%00', '') . '/x?state=up',
            'POST /dns/ready?state=' . pick(qw/ down auto /),
        ) } 1 .. 1 + rand 10);

        drain($s, rand 0.2) if rand() < 0.6;
    }

    put($self->connection(to => 'http'),
        "POST /dns/upstreams/hostile/$server?state=auto HTTP/1.0\r\n\r\n");
    sleep rand 0.5;
}


sub behind_a_proxy {
    my ($self) = @_;

    for (1 .. 5 + rand 20) {
        my $s = $self->connection(to => 'tcp_proxy') or next;
        my $header = pick(proxy_header(),
            "PROXY TCP4 192.0.2." . int(rand 256) . " 127.0.0.1 4444 53\r\n",
            "PROXY UNKNOWN\r\n", 'PROXY ', '');

        put($s, $header . framed(map { (hostile_query())[1] } 1 .. 5));
        drain($s, rand 0.1);
    }
}


sub come_and_go {
    my ($self) = @_;

    for (1 .. 100 + rand 200) {
        put($self->connection(to => pick(qw/ tcp tcp tls /)),
            framed((hostile_query())[1]));
        CORE::close shift @{$self->{open}}
            if @{$self->{open}} > 60 || rand() < 0.3;
    }
}


1;
