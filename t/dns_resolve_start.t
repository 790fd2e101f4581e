#!/usr/bin/perl

# Tests for "server HOST resolve" at the start of nginx and after a reload that
# adds it: queries wait for the first servers, but not for long.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Load;

use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->plan(8)->allow(qr/could not be resolved/);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    resolver          127.0.0.1:%%PORT_8090%% ipv6=off;
    resolver_timeout  1s;

    dns_upstream u {
        SERVER
        health_check  off;
    }

    dns_upstream never {
        server        never.test:%%PORT_8081%% resolve;
        health_check  off;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_forward  . u;
        dns_forward  never.test never;

        dns_zone fallback.test {
            dns_pass  never fallback=127.0.0.1:%%PORT_8081%%;
        }
    }
}

EOF_CONF

sub conf { $t->write_file_expand('nginx.conf', $conf =~ s/SERVER/$_[0]/r) }

$t->upstream(8081, \&numbered);

$t->upstream(8090, sub {
    my ($query) = @_;

    return { rcode => 'NXDOMAIN' } if $query->{qname} eq 'never.test';
    return { a => '127.0.0.1', ttl => 60, delay => 0.3 };
});

conf('server one.test:%%PORT_8081%% resolve;');
$t->run();

my $port = $t->port(8053);

my $r = dns_bulk($port, 100, timeout => 5, sockets => 16,
                 name => sub { "n$_[0].example.com" });
is(scalar(grep { /^10\./ } keys %$r), 100, 'at start: all wait')
    or diag(join ', ', map { "$_ $r->{$_}" } sort keys %$r);

is(dns_query($port, 'n1.fallback.test', 'A')->{answers}[0]{data}, '10.0.0.1',
   'not where there is a fallback');

my $start = time();
is(dns_query($port, 'n1.never.test', 'A', timeout => 5)->{rcode}, 'SERVFAIL',
   'unknown');
cmp_ok(time() - $start, '<', 4, 'not for ever');

$start = time();
is(dns_query($port, 'n2.never.test', 'A', tcp => 1)->{rcode}, 'SERVFAIL',
   'then at once');

# a reload to a name that nobody has asked for yet, under load

conf('server 127.0.0.1:%%PORT_8081%%;');
$t->reload();

my $load = dns_load($port, timeout => 5);
select undef, undef, undef, 0.3;

conf('server two.test:%%PORT_8081%% resolve;');
$t->reload();
$t->wait_for(sub { $t->error_log() =~ /1 server of "two.test/ });

$r = $load->stop();
is(join(' ', sort keys %$r), 'right', 'a reload: nothing is lost');
cmp_ok($r->{right}, '>', 100, 'and there were many');
is(dns_query($port, 'n7.example.com', 'A')->{answers}[0]{data}, '10.0.0.7',
   'answered by the new one');
