#!/usr/bin/perl

# Tests for dns_pass ... fallback= on=: after what which upstream is asked, what
# clients get, and what is kept apart in the cache.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->plan(41);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_cache_zone  zone=c:1m;

log_format  f  '$dns_qname $dns_upstream $dns_upstream_tries $dns_rcode';
access_log  %%TESTDIR%%/dns.log f;

map $dns_qtype $to {
    default  first;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;

    dns_upstream_timeout  200ms;

    dns_zone default.test {
        dns_pass first fallback=second;
    }

    dns_zone fail.test {
        dns_pass first fallback=second on=servfail,refused;
    }

    dns_zone negative.test {
        dns_pass first fallback=second on=nxdomain,nodata;
    }

    dns_zone chain.test {
        dns_pass first fallback=second on=servfail
                       fallback=127.0.0.1:%%PORT_8083%% on=servfail,error
                       fallback=down;
    }

    dns_zone down.test   { dns_pass down fallback=second; }
    dns_zone nodown.test { dns_pass down fallback=second on=servfail; }
    dns_zone all.test    { dns_pass down fallback=down2; }
    dns_zone to.test     { dns_pass $to fallback=second on=refused; }

    dns_zone cached.test {
        dns_pass   first fallback=second on=nxdomain;
        dns_cache  c;
    }

    dns_zone plain.cached.test {
        dns_pass   first;
        dns_cache  c;
    }

    dns_zone busy.test {
        dns_pass  one fallback=second on=busy;
        dns_upstream_timeout  2s;
    }
}

# both are asked before the fallback

dns_upstream first {
    server  127.0.0.1:%%PORT_8081%% max_fails=0;
    server  127.0.0.1:%%PORT_8084%% max_fails=0;
    health_check off;
}

dns_upstream second { server 127.0.0.1:%%PORT_8082%%; health_check off; }
dns_upstream down   { server 127.0.0.1:%%PORT_8089%%; all_down servfail; }
dns_upstream down2  { server 127.0.0.1:%%PORT_8088%%; all_down refuse; }
dns_upstream one    {
    server 127.0.0.1:%%PORT_8085%% max_outstanding=1;
    health_check off;
}
EOF_CONF

# the label in front says what the first ones answer; "-2" what the second does

sub answer {
    my ($query, $n) = @_;
    my ($one, $two) = $query->{qname} =~ /^([a-z]+)(?:-([a-z]+))?\d*\./;
    my $what = ($n == 2 ? $two : $n == 3 ? undef : $one) // 'ok';
    my $name = $query->{qname_raw};

    return () if $what eq 'silent';
    return { raw => 'x' } if $what eq 'malformed';
    return { rcode => uc $what } if $what =~ /^(servfail|refused|formerr)$/;
    return { a => "192.0.2.$n" } if $what eq 'ok';

    return { rcode => $what eq 'nx' ? 'NXDOMAIN' : 'NOERROR',
             authority => [ [ $name, 'SOA', 600,
                              'ns.test admin.test 1 2 3 4 600' ] ] };
}

my %u;

for my $n (1, 2, 3, 4) {
    $u{$n} = $t->upstream(8080 + $n, sub { answer($_[0], $n == 4 ? 1 : $n) });
}

$u{5} = $t->upstream(8085, sub { { a => '192.0.2.5', delay => 0.5 } });

$t->run();

sub get {
    my ($name, %o) = @_;
    my $r = dns_query($t->port(8053), $name, 'A', %o);
    return $r->{answers}[0] ? $r->{answers}[0]{data} : $r->{rcode};
}

# the default: down, error

for my $proto (qw/ udp tcp /) {
    is(get('ok.default.test', proto => $proto), '192.0.2.1', "first, $proto");
    is(get('silent.default.test', proto => $proto), '192.0.2.2',
       "silence, $proto");
}

is(get('malformed.default.test'), '192.0.2.2', 'malformed');
is(get('formerr.default.test'), '192.0.2.2', 'FORMERR');
is(get('servfail.default.test'), 'SERVFAIL', 'SERVFAIL is none of these');
is(get('refused.default.test'), 'REFUSED', 'REFUSED neither');
is(get('nx.default.test'), 'NXDOMAIN', 'NXDOMAIN neither');
is($u{2}->count('nx.default.test'), 0, 'nobody else was asked');

# servfail, refused: after both servers

is(get('servfail.fail.test'), '192.0.2.2', 'servfail');
is($u{1}->count('servfail.fail.test'), 1, 'after the first server');
is($u{4}->count('servfail.fail.test'), 1, 'and the other one');
is(get('refused.fail.test'), '192.0.2.2', 'refused');
is(get('servfail-refused.fail.test'), 'REFUSED', 'the last word counts');
is(get('formerr.fail.test'), 'FORMERR', 'error is none of these');

# nxdomain, nodata

is(get('nx.negative.test'), '192.0.2.2', 'nxdomain');
is(get('no.negative.test'), '192.0.2.2', 'nodata');
is(get('nx-nx.negative.test'), 'NXDOMAIN', 'NXDOMAIN of both');

for my $two (qw/ servfail refused silent malformed /) {
    my $r = dns_query($t->port(8053), "nx-$two.negative.test", 'A');
    is($r->{rcode}, 'NXDOMAIN', "NXDOMAIN is worth more than $two");
    is($r->{authority}[0]{type}, 'SOA', 'with its SOA') if $two eq 'refused';
}

is(get('servfail.negative.test'), 'SERVFAIL', 'a failure is none of these');

# a chain

is(get('servfail.chain.test'), '192.0.2.2', 'chain: the first fallback');
is(get('servfail-servfail.chain.test'), '192.0.2.3', 'chain: the second');
is(get('formerr.chain.test'), '192.0.2.3', 'chain: one passed over');

# down

$t->wait_for(sub { $t->error_log() =~ /dns upstream "down2": .* is down/
                   && $t->error_log() =~ /dns upstream "down": .* is down/ });

is(get('ok.down.test'), '192.0.2.2', 'down');
is(get('ok.nodown.test'), 'SERVFAIL', 'down is not named');
is(get('ok.all.test'), 'REFUSED', 'all are down: the last one decides');

# with a variable

is(get('refused.to.test'), '192.0.2.2', 'after a variable');

# busy

dns_query($t->port(8053), 'a.busy.test', 'A', timeout => 0.05);
is(get('ok.busy.test'), '192.0.2.2', 'busy');

# the cache

is(get('nx.cached.test'), '192.0.2.2', 'cached');
is(get('nx.cached.test'), '192.0.2.2', 'from the cache');
is($u{2}->count('nx.cached.test'), 1, 'asked once');
is(get('nx.plain.cached.test'), 'NXDOMAIN', 'elsewhere');

# no server is blamed for what a fallback has

get("refused$_.fail.test") for 1 .. 30;
unlike($t->error_log(), qr/upstream "first": .* left out.*refused/i,
       'no blame');

# log and metrics

$t->wait_for(sub { $t->read_file('dns.log') =~ /refused30/ });

my $log = $t->read_file('dns.log');

like($log, qr/^servfail\.fail\.test second 3 NOERROR$/m, 'log');
like($log, qr/^nx-refused\.negative\.test \S+ 2 NXDOMAIN$/m, 'log: kept');

cmp_ok(total(metrics($t->port(8080)), 'nginx_dns_fallbacks_total'), '>', 45,
       'metrics');
