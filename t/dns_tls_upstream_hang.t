#!/usr/bin/perl

# Tests for servers over TLS whose handshakes hang or are slow: what waits for
# one that hangs is asked again by another connection, and one that is only slow
# comes to its end, however many queries others answer meanwhile.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Status;

use IO::Select;
use IO::Socket::IP;
use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(8);
my $ca = Test::Nginx::DNS::Certificate->new($t);

$ca->issue('one', 'IP:127.0.0.1');

$t->write_stream(<<'EOF_CONF', pages => 'status', at => 8088);
dns_upstream hung {
    server        tls://127.0.0.1:%%PORT_8101%%;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream slow {
    server        tls://127.0.0.1:%%PORT_8102%%;
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream one {
    server        tls://127.0.0.1:%%PORT_8103%%;
    keepalive     1;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream late {
    server        tls://127.0.0.1:%%PORT_8104%%;
    keepalive     1;
    health_check  off;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

dns_upstream_timeout  4s;

ssl_certificate      %%TESTDIR%%/one.pem;
ssl_certificate_key  %%TESTDIR%%/one.key;

server {
    listen      127.0.0.1:%%PORT_8100%% ssl;
    proxy_pass  127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  hung.test hung;
    dns_forward  slow.test slow;
    dns_forward  one.test one;
    dns_forward  late.test late;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;

    return { a => $query->{tcp} ? '192.0.2.1' : '192.0.2.2', delay => 0.02 };
}, tcp => 1);

# in front of the server over TLS, for so long without a word

relay(8101, sub { $_[0] == 1 ? 100 : 0 });
relay(8102, sub { 0.7 });
relay(8103, sub { $_[0] == 1 ? 100 : 0 });
relay(8104, sub { 0.7 });

$t->run();

my $port = $t->port(8053);

is(asked('a.hung.test'), '192.0.2.1', 'a handshake that hangs');
is(asked('b.hung.test'), '192.0.2.1', 'and another query');
cmp_ok(server('hung')->{handshakes_full}, '>=', 1, 'over another connection');

# one connection may be open at once: that one makes room for another

is(asked('a.one.test'), '192.0.2.1', 'one connection, whose handshake hangs');
is(asked('b.one.test'), '192.0.2.1', 'and another query');

# but one that is slow comes to its end

is(asked('a.late.test'), '192.0.2.1', 'one connection, whose handshake is slow');

# queries that are answered by the other server do not end it

my $end = time() + 20;
my $n = 0;

until (server('slow')->{responses} > 5 || time() > $end) {
    dns_bulk($port, 20, window => 10, name => sub { "q$_[0].$n.slow.test" });
    $n++;
}

cmp_ok(server('slow')->{responses}, '>', 5, 'a slow handshake');
cmp_ok(server('slow')->{handshakes_full}, '<=', 4, 'not made again and again');


sub asked {
    my ($name) = @_;

    my $r = dns_query($port, $name, 'A', timeout => 6);

    return $r ? $r->{answers}[0]{data} // $r->{rcode} : 'none';
}

sub server {
    my ($name) = @_;

    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};

    return $u->{servers}[0];
}

# a process that accepts, and passes on what comes when it is time

sub relay {
    my ($name, $hold) = @_;

    my $to = $t->port(8100);
    my $listen = IO::Socket::IP->new(Proto => 'tcp', LocalHost => '127.0.0.1',
        LocalPort => $t->port($name), Listen => 128, ReuseAddr => 1)
        or die "cannot listen: $@\n";

    my $pid = fork() // die "fork: $!\n";

    if ($pid) {
        push @{$t->{spawned}}, $pid;
        return;
    }

    $SIG{$_} = 'DEFAULT' for qw/ INT TERM ALRM /;
    alarm 120;

    my ($n, %other, %held) = (0);
    my $select = IO::Select->new($listen);

    while (1) {
        for my $from ($select->can_read(0.02)) {

            if ($from == $listen) {
                my $client = $listen->accept() or next;

                $held{$client} = [ $client, time() + $hold->(++$n) ];
                next;
            }

            next if !$other{$from};

            if ($from->sysread(my $bytes, 65536)) {
                $other{$from}->syswrite($bytes);
                next;
            }

            my $server = delete $other{$from};
            delete $other{$server};

            $select->remove($from, $server);
            close $_ for $from, $server;
        }

        for my $client (map { $_->[0] } grep { $_->[1] < time() }
                                        values %held)
        {
            delete $held{$client};

            my $server = IO::Socket::IP->new(PeerHost => '127.0.0.1',
                                             PeerPort => $to) or next;

            @other{$client, $server} = ($server, $client);
            $select->add($client, $server);
        }
    }
}
