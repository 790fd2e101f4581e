#!/usr/bin/perl

# Tests for servers over TLS that restart, and for reloads, under load: no query
# is lost, none is answered wrongly, and sessions are resumed.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Status;

use IO::Socket::IP;
use POSIX ();
use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(7);
my $ca = Test::Nginx::DNS::Certificate->new($t);

$ca->issue('one', 'IP:127.0.0.1');

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'status', at => 8088);
log_format  f  '$dns_qname $dns_rcode $dns_upstream_tries "$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream u {
    server        tls://127.0.0.1:%%PORT_8101%%;
    server        tls://127.0.0.1:%%PORT_8102%%;
    health_check  interval=200ms timeout=10s;
    ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . u;
}
EOF_CONF

# the servers are nginx, too, of their own, in front of one of the test's; keys
# of tickets last over a restart as those of a big resolver do

$ca->openssl('rand -out ' . $t->testdir() . '/ticket.key 80');

for (8101, 8102) {
    $t->write_file_expand("$_.conf", <<EOF);
daemon off;
pid %%TESTDIR%%/$_.pid;
error_log %%TESTDIR%%/$_.log info;
worker_processes 1;
@{[ join "\n", $t->globals() =~ /^(load_module .*stream_module.so;)$/mg ]}
events {
}

stream {
    server {
        listen                  127.0.0.1:%%PORT_$_%% ssl;
        ssl_certificate         %%TESTDIR%%/one.pem;
        ssl_certificate_key     %%TESTDIR%%/one.key;
        ssl_protocols           TLSv1.2 TLSv1.3;
        ssl_session_ticket_key  %%TESTDIR%%/ticket.key;
        proxy_pass              127.0.0.1:%%PORT_8081%%;
    }
}
EOF
}

my $u = $t->upstream(8081, sub {
    my ($query) = @_;

    return { a => $query->{qname} =~ /^q(\d+)\./ ? "10.0.0." . $1 % 250
                                                 : '192.0.2.1' };
}, tcp => 1);

sub start_server {
    my ($name) = @_;

    return $t->spawn("$name.out", $t->command("$name.conf"), '-e',
                     $t->testdir() . "/$name.log");
}

my %pid = map { $_ => start_server($_) } 8101, 8102;

END {
    my $code = $?;

    for (grep { $_ } values %pid) {
        kill 'TERM', $_;
        waitpid $_, 0;
    }

    $? = $code;
}

$t->run();

my $port = $t->port(8053);

sub servers { @{status($t->port(8088))->{upstreams}[0]{servers}} }
sub sum { my $n = 0; $n += $_->{$_[0]} for servers(); $n }

ok($t->wait_for(sub { 2 == grep { $_->{checks_passed} } servers() }, 10),
   'both are well');

# rounds of queries in a process of its own, until it is told to stop

sub load {
    my ($name) = @_;

    my $child = fork() // die "fork: $!\n";

    return $child if $child;

    local $SIG{ALRM} = 'DEFAULT';
    alarm 60;

    my ($rounds, %wrong) = (0);

    until (-e $t->testdir() . "/stop.$name") {
        my $got = dns_bulk($port, 500, window => 50, timeout => 10,
                           name => sub { "q$_[0].$name$rounds.test" });

        $rounds++;

        for (keys %$got) {
            $wrong{$_} += $got->{$_} if !/^10\.0\.0\.\d+$/ || $got->{$_} != 2;
        }
    }

    $t->write_file("loaded.$name", join ' ', $rounds, %wrong);
    POSIX::_exit(0);
}

sub loaded {
    my ($name, $child) = @_;

    $t->write_file("stop.$name", '');
    waitpid $child, 0;

    return split ' ', $t->read_file("loaded.$name");
}

sub errors {
    my %n;

    $n{$_}++ for $t->read_file('dns.log') =~ /^\S+ (\w+ \d+ "[^-].*)$/mg;
    diag map { "$n{$_} times: $_\n" } sort keys %n;
}

my $child = load('restart');

for my $name ((8101, 8102) x 3) {
    sleep 0.5;

    kill 'TERM', $pid{$name};
    waitpid $pid{$name}, 0;
    sleep 0.1;

    $pid{$name} = start_server($name);

    # the other one is not to go before this one is there

    $t->wait_for(sub {
        IO::Socket::IP->new(PeerHost => '127.0.0.1',
                            PeerPort => $t->port($name))
        && 2 == grep { $_->{up} } servers();
    }, 20);
}

my ($rounds, @wrong) = loaded('restart', $child);

is("@wrong", '', 'servers restart: nothing is lost') or errors();
cmp_ok($rounds, '>', 3, 'under load');
is((grep { $_->{tls_error} } servers()), 0, 'no failure of TLS at the end');
cmp_ok(sum('handshakes_resumed'), '>=', 1, 'sessions are resumed');

# reloads

my @old = $t->workers();

$child = load('reload');

for (1 .. 4) {
    sleep 0.3;
    $t->reload();
}

($rounds, @wrong) = loaded('reload', $child);

is("@wrong", '', 'reloads: nothing is lost') or errors();
ok($t->wait_for(sub { !grep { kill 0, $_ } @old }, 10),
   'the old workers are gone');
